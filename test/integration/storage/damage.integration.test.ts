import assert from 'node:assert/strict'
import { copyFileSync, existsSync, readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { test, type TestContext } from 'node:test'
import { seededRandom } from '#base/random.ts'
import { openSqlite } from '#base/sqlite.ts'
import { commit, put } from '#storage/store.suite.ts'
import type { Store } from '#storage/types.ts'
import { openFile, scratchStore } from './scratch-store.ts'

const COMMITS = 60

const contentOf = (store: Store) =>
  JSON.stringify([store.revision, ...store.list('').map(({ key, value }) => [key, String(value)])])

interface Damaged {
  /** The file as a crash would leave it: with a WAL that was never taken in. */
  file: string
  content: string
}

/** A store's files while it is open, copied: what kill -9 leaves. */
async function crashedStore(context: TestContext): Promise<Damaged> {
  const place = await scratchStore()
  context.after(place.remove)
  const store = await place.open()
  for (let i = 0; i < COMMITS; i++)
    await commit(store, put(`key-${i % 40}`, `value ${i} `.repeat(30)))
  const file = `${place.file}.crashed`
  for (const suffix of ['', '-wal']) copyFileSync(`${place.file}${suffix}`, `${file}${suffix}`)
  const content = contentOf(store)
  await store.close()
  return { file, content }
}

/** The same without a WAL: all of it is in the pages. */
async function closedStore(context: TestContext): Promise<Damaged> {
  const { file, content } = await crashedStore(context)
  await (await openFile(file)).close()
  assert.ok(!existsSync(`${file}-wal`))
  return { file, content }
}

/** Opens a copy with one byte turned; the content, or the error that it was refused with. */
async function openFlipped(
  { file }: Damaged,
  suffix: '' | '-wal',
  at: number,
): Promise<string | Error> {
  const copy = `${file}.copy`
  for (const one of ['', '-wal'])
    if (existsSync(`${file}${one}`)) copyFileSync(`${file}${one}`, `${copy}${one}`)
  const bytes = readFileSync(`${copy}${suffix}`)
  bytes[at]! ^= 1 << (at % 8)
  writeFileSync(`${copy}${suffix}`, bytes)
  try {
    const store = await openFile(copy)
    const content = contentOf(store)
    await store.close()
    return content
  } catch (error) {
    return error as Error
  }
}

const isClear = (error: Error, file: string) =>
  error.name === 'DatabaseError' && error.message.includes(file)

test('a byte that turned in a page is refused by name, or changes nothing', async (context) => {
  const whole = await closedStore(context)
  const bytes = readFileSync(whole.file)
  const random = seededRandom(47)
  const places = Array.from({ length: 100 }, () => Math.floor(random.next() * bytes.length))
  const outcomes = { refused: 0, same: 0 }
  for (const at of [...places, 20, 40, 64, 100, 103, 105, 4096 + 3, 4096 + 8]) {
    const outcome = await openFlipped(whole, '', at)
    if (typeof outcome === 'string') assert.equal(outcome, whole.content, `byte ${at} was served`)
    else assert.ok(isClear(outcome, whole.file), `byte ${at}: ${outcome.stack}`)
    outcomes[typeof outcome === 'string' ? 'same' : 'refused']++
  }
  assert.ok(outcomes.refused > 50, JSON.stringify(outcomes))
})

test('a byte that turned in the middle of the WAL is refused: commits lie behind it', async (context) => {
  const whole = await crashedStore(context)
  const { length } = readFileSync(`${whole.file}-wal`)
  const random = seededRandom(48)
  const places = Array.from({ length: 60 }, () => Math.floor(random.next() * length * 0.8))
  for (const at of [0, 9, 17, 25, ...places]) {
    const outcome = await openFlipped(whole, '-wal', at)
    assert.ok(outcome instanceof Error, `byte ${at} of the WAL was taken as it is`)
    assert.ok(isClear(outcome, whole.file), `byte ${at}: ${outcome.stack}`)
    assert.match(outcome.message, /-wal is damaged .*put back a backup/)
  }
})

test('a WAL that ends in the middle of a commit is taken up to the commit before', async (context) => {
  const { file, content } = await crashedStore(context)
  truncateSync(`${file}-wal`, readFileSync(`${file}-wal`).length - 1000)
  const store = await openFile(file)
  assert.equal(store.revision, COMMITS - 1)
  assert.notEqual(contentOf(store), content)
  await store.close()
})

test('a file that was cut short or has lost all its bytes is refused by name', async (context) => {
  const { file } = await closedStore(context)
  const { length } = readFileSync(file)
  for (const left of [length - 4096, length - 100, 5000, 100, 0]) {
    truncateSync(file, left)
    const error = await openFile(file).then(
      () => new Error('it was opened'),
      (thrown: Error) => thrown,
    )
    assert.ok(isClear(error, file), `${left} bytes: ${error.stack}`)
    assert.match(error.message, /put back a backup/)
    assert.equal(readFileSync(file).length, left, 'it was changed')
  }
})

test('a file of a newer schema is refused and says which ccs can read it', async (context) => {
  const { file } = await closedStore(context)
  const migrations = Array.from({ length: 9 }, () => 'SELECT 1')
  openSqlite({ path: file, migrations }).close()
  await assert.rejects(openFile(file), {
    problem: 'newer',
    message: /schema version 9, made by ccs .*Run ccs .* or newer, or put back a backup/,
  })
})
