import assert from 'node:assert/strict'
import { existsSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { test } from 'node:test'
import { openSqlite } from '#base/sqlite.ts'
import { SqliteLog } from '#storage/sqlite-log.ts'
import { collect, commit, put, remove, storeSuite, text } from '#storage/store.suite.ts'
import { openFile, scratchStore } from './scratch-store.ts'

storeSuite('file store', scratchStore)

test('file store keeps large, empty and binary values', async (context) => {
  const place = await scratchStore()
  context.after(place.remove)
  const values = [new Uint8Array(0), new Uint8Array(3_000_000).fill(7), Uint8Array.of(0, 255, 10)]
  const store = await place.open()
  await store.commit(values.map((value, i) => ({ key: `k${i}`, value: () => value })))
  await store.close()
  const again = await place.open()
  assert.deepEqual(
    again.list('').map(({ value }) => Buffer.from(value)),
    values.map((value) => Buffer.from(value)),
  )
  await again.close()
})

test('file store refuses a file that another store has open, and leaves that one alone', async (context) => {
  const place = await scratchStore()
  context.after(place.remove)
  const store = await place.open()
  await assert.rejects(place.open(), { name: 'DatabaseError', problem: 'in-use' })
  assert.equal(await commit(store, put('a', '1')), 1)
  await store.close()
})

test('file store refuses a damaged file and a newer one', async (context) => {
  const place = await scratchStore()
  context.after(place.remove)
  writeFileSync(place.file, 'damaged '.repeat(2000))
  await assert.rejects(place.open(), { problem: 'corrupt' })
  rmSync(place.file)
  openSqlite({ path: place.file, migrations: Array.from({ length: 9 }, () => 'SELECT 1') }).close()
  await assert.rejects(place.open(), { problem: 'newer' })
})

test('file store copies itself while writes go on, and the copy opens', async (context) => {
  const place = await scratchStore()
  context.after(place.remove)
  const store = await place.open()
  const value = 'x'.repeat(1000)
  for (let i = 0; i < 20; i++)
    await commit(store, ...Array.from({ length: 200 }, (_, j) => put(`base/${i}/${j}`, value)))
  const before = store.revision
  const copying = store.backup(`${place.file}.copy`)
  // How many of these the copy still takes in is a matter of speed.
  for (let i = 0; i < 50; i++) await commit(store, put(`new/${i}`, value))
  await copying
  const copy = await openFile(`${place.file}.copy`)
  assert.ok(copy.revision >= before)
  assert.equal(copy.count('base/'), 4000)
  // What of the new is in the copy is there without gaps.
  assert.equal(copy.count('new/'), copy.revision - before)
  await copy.close()
  await store.close()
})

test('file store closed during a copy finishes it first', async (context) => {
  const place = await scratchStore()
  context.after(place.remove)
  const store = await place.open()
  await commit(store, put('a', 'x'.repeat(2_000_000)))
  const copying = store.backup(`${place.file}.copy`)
  await store.close()
  await copying
  assert.ok(existsSync(`${place.file}.copy`))
})

test('SqliteLog compacts in steps to the rows that are needed', async (context) => {
  const place = await scratchStore()
  context.after(place.remove)
  const store = await place.open()
  for (let round = 0; round < 10; round++)
    await commit(store, ...Array.from({ length: 500 }, (_, i) => put(`k${i}`, `${round}`)))
  await commit(store, ...Array.from({ length: 400 }, (_, i) => remove(`k${i}`)))
  await store.compact(store.revision)
  await store.close()
  const log = new SqliteLog(place.file)
  const { writes, revision, compacted } = log.content()
  const rows = [...writes].flatMap(({ changes }) => changes)
  log.close()
  assert.equal(rows.length, 100)
  assert.deepEqual({ revision, compacted }, { revision: 11, compacted: 11 })
})

test('file store takes commits while it compacts', async (context) => {
  const place = await scratchStore()
  context.after(place.remove)
  const store = await place.open()
  for (let round = 0; round < 20; round++)
    await commit(store, ...Array.from({ length: 500 }, (_, i) => put(`k${i}`, `${round}`)))
  const order: string[] = []
  const compacting = store.compact(store.revision).then(() => order.push('compacted'))
  await commit(store, put('k0', 'last'))
  order.push('committed')
  await compacting
  assert.deepEqual(order, ['committed', 'compacted'])
  await store.close()
  const again = await place.open()
  assert.equal(text(again.get('k0')?.value), 'last')
  assert.deepEqual(collect(again, 'k0', 20).events, ['put k0=last @21 (created 1, before 19)'])
  await again.close()
})

test('file store is readable by its owner only', async (context) => {
  const place = await scratchStore()
  context.after(place.remove)
  const store = await place.open()
  await commit(store, put('a', 'secret'))
  for (const file of [place.file, `${place.file}-wal`])
    assert.equal(statSync(file).mode & 0o777, 0o600)
  await store.close()
})
