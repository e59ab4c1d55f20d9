import assert from 'node:assert/strict'
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { test, type TestContext } from 'node:test'
import { instanceStorageKeys, storageCodec } from '#main/engine/storage-codec.ts'
import { sealedWith } from '#identity/sealed-value.ts'
import { SqliteLog } from '#storage/sqlite-log.ts'
import { commit, put, text } from '#storage/store.suite.ts'
import { openFile } from './scratch-store.ts'

const PASSWORD = 'correct-horse-battery-staple'
const secretKey = (i: number | string) => `/core/secrets/default/s${i}`

function scratch(context: TestContext) {
  const directory = mkdtempSync(path.join(tmpdir(), 'ccs-sealed-'))
  context.after(() => rmSync(directory, { recursive: true }))
  const paths = { pki: path.join(directory, 'pki'), engine: path.join(directory, 'engine') }
  return { directory, paths, file: path.join(paths.engine, 'test.db') }
}

/** Files below the directory whose bytes hold the text. */
function filesWith(directory: string, words: string): string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name))
    .filter((file) => readFileSync(file).includes(words))
}

/** Ids of the keys that the Secrets of a closed store are sealed with; "" for one in the clear. */
function keysInUse(file: string): Set<string> {
  const log = new SqliteLog(file)
  const used = new Set<string>()
  for (const { changes } of log.content().writes)
    for (const { key, value } of changes)
      if (key.startsWith('/core/secrets/') && value !== null) used.add(sealedWith(value) ?? '')
  log.close()
  return used
}

test('no file of a store has a Secret in the clear: database, WAL, backup', async (context) => {
  const { directory, paths, file } = scratch(context)
  const codec = storageCodec(instanceStorageKeys(paths))
  const store = await openFile(file, { codec })
  for (let i = 0; i < 50; i++) {
    await commit(store, put(secretKey(i), `{"kind":"Secret","data":"${PASSWORD}"}`))
    await commit(store, put(`/core/configmaps/default/c${i}`, 'not-a-secret-at-all'))
  }
  await commit(store, { key: secretKey(0), value: null })
  assert.equal(text(store.get(secretKey(1))?.value), `{"kind":"Secret","data":"${PASSWORD}"}`)
  await store.backup(`${file}.backup`)
  assert.ok(existsSync(`${file}-wal`))
  assert.deepEqual(filesWith(directory, PASSWORD), [])
  const open = filesWith(directory, 'not-a-secret-at-all').map((name) => path.basename(name))
  assert.deepEqual(open.toSorted(), ['test.db-wal', 'test.db.backup'])
  await store.compact(store.revision)
  await store.close()
  assert.deepEqual(filesWith(directory, PASSWORD), [])
  for (const name of [file, `${file}.backup`]) {
    const again = await openFile(name, { codec })
    assert.equal(text(again.get(secretKey(7))?.value), `{"kind":"Secret","data":"${PASSWORD}"}`)
    await again.close()
  }
})

test('what was stored before there was encryption is encrypted, and nothing of it is left', async (context) => {
  const { directory, paths, file } = scratch(context)
  const clear = await openFile(file)
  for (let i = 0; i < 200; i++) await commit(clear, put(secretKey(i % 20), `{"v":"${PASSWORD}"}`))
  await clear.compact(clear.revision)
  await clear.close()
  assert.notDeepEqual(filesWith(directory, PASSWORD), [])
  const codec = storageCodec(instanceStorageKeys(paths))
  const store = await openFile(file, { codec })
  assert.equal(await store.recode(), 20)
  assert.equal(await store.recode(), 0)
  assert.deepEqual(filesWith(directory, PASSWORD), [])
  assert.equal(text(store.get(secretKey(3))?.value), `{"v":"${PASSWORD}"}`)
  await store.close()
  assert.deepEqual(filesWith(directory, PASSWORD), [])
})

test('a rotation encrypts all values with the new key, while commits go on', async (context) => {
  const { paths, file } = scratch(context)
  const keys = instanceStorageKeys(paths)
  const store = await openFile(file, { codec: storageCodec(keys) })
  for (let i = 0; i < 5; i++)
    await commit(store, ...Array.from({ length: 1000 }, (_, j) => put(secretKey(`${i}-${j}`), 'x')))
  const next = keys.rotate()
  const recoding = store.recode()
  for (let i = 0; i < 20; i++) await commit(store, put(secretKey(`0-${i}`), `new ${i}`))
  await recoding
  await store.close()
  assert.deepEqual([...keysInUse(file)], [next])
  const again = await openFile(file, { codec: storageCodec(instanceStorageKeys(paths)) })
  assert.equal(again.count('/core/secrets/'), 5000)
  assert.equal(text(again.get(secretKey('0-19'))?.value), 'new 19')
  assert.equal(text(again.get(secretKey('4-999'))?.value), 'x')
  await again.close()
})

test('a rotation that is killed at any moment loses nothing and is gone on with', async (context) => {
  const { paths, file } = scratch(context)
  const first = await openFile(file, { codec: storageCodec(instanceStorageKeys(paths)) })
  for (let i = 0; i < 8; i++)
    await commit(first, ...Array.from({ length: 1000 }, (_, j) => put(secretKey(`${i}-${j}`), 'x')))
  await first.close()
  const halves: boolean[] = []
  for (const diesAt of [1, 2_500, 4_500, 7_999]) {
    const args = [paths.pki, paths.engine, file, String(diesAt)]
    const child = fork(new URL('./rotate-until-killed.ts', import.meta.url), args)
    const [code, signal] = (await once(child, 'exit')) as [number | null, string | null]
    assert.deepEqual({ code, signal }, { code: null, signal: 'SIGKILL' })
    halves.push(keysInUse(file).size > 1)
    const store = await openFile(file, { codec: storageCodec(instanceStorageKeys(paths)) })
    assert.equal(store.count('/core/secrets/'), 8000)
    for (const { value } of store.list('/core/secrets/')) assert.equal(text(value), 'x')
    await store.close()
  }
  assert.ok(halves.includes(true), 'no rotation was killed half way')
  const keys = instanceStorageKeys(paths)
  const store = await openFile(file, { codec: storageCodec(keys) })
  await store.recode()
  await store.close()
  assert.deepEqual([...keysInUse(file)], [keys.current])
})

test('a store whose keys are lost, or are another instance’s, is not opened and says what to do', async (context) => {
  const { directory, paths, file } = scratch(context)
  const store = await openFile(file, { codec: storageCodec(instanceStorageKeys(paths)) })
  await commit(store, put(secretKey(1), 'x'))
  await store.close()
  const other = { pki: path.join(directory, 'other'), engine: path.join(directory, 'other') }
  await assert.rejects(
    openFile(file, { codec: storageCodec(instanceStorageKeys(other)) }),
    /secrets\/default\/s1 is encrypted with the key .*does not hold.*Put storage-keys.json back/,
  )
  rmSync(path.join(paths.pki, 'storage-keys.json'))
  assert.throws(() => instanceStorageKeys(paths), /storage-keys.json is missing.*Put .* back/)
})
