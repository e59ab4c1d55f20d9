import assert from 'node:assert/strict'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { test, type TestContext } from 'node:test'
import { instanceStorageKeys, storageCodec } from '#main/engine/storage-codec.ts'
import { checkCopy, replacedFile, restoreCopy, restoringFile } from '#storage/backup-file.ts'
import { storageLimits } from '#storage/limits.ts'
import { collect, commit, put, text } from '#storage/store.suite.ts'
import { CompactedError } from '#storage/types.ts'
import { plainCodec } from '#storage/value-codec.ts'
import { openFile, scratchStore } from './scratch-store.ts'

async function scratch(context: TestContext) {
  const place = await scratchStore()
  context.after(place.remove)
  return { ...place, backup: `${place.file}.backup` }
}

test('a backup taken while writes go on is whole, and says what it holds', async (context) => {
  const { open, backup } = await scratch(context)
  const store = await open()
  for (let i = 0; i < 10; i++)
    await commit(
      store,
      ...Array.from({ length: 200 }, (_, j) => put(`k${i}-${j}`, 'x'.repeat(500))),
    )
  let writing = true
  const writer = (async () => {
    for (let i = 0; writing; i++) await commit(store, put(`new-${i}`, String(i)))
  })()
  await store.backup(backup)
  writing = false
  await writer
  const { revision, entries } = checkCopy(backup, plainCodec)
  assert.ok(revision >= 10 && revision <= store.revision)
  // One new key for each revision after the first ten.
  assert.equal(entries, 2000 + (revision - 10))
  await store.close()
})

test('a restored store repeats no revision, and has watches from before begin anew', async (context) => {
  const { open, file, backup } = await scratch(context)
  const store = await open()
  for (let i = 0; i < 30; i++) await commit(store, put(`k${i % 7}`, String(i)))
  await store.backup(backup)
  const atBackup = store.revision
  for (let i = 0; i < 50; i++) await commit(store, put('lost', String(i)))
  const newest = store.revision
  await store.close()

  const made = restoreCopy({ from: backup, to: file, codec: plainCodec })
  assert.equal(made.backupRevision, atBackup)
  assert.equal(made.revision, newest + storageLimits.restoreRevisionStep)
  const again = await open()
  assert.equal(again.revision, made.revision)
  assert.equal(again.get('lost'), undefined)
  assert.equal(text(again.get('k1')?.value), '29')
  for (const old of [atBackup, newest, made.revision - 1])
    assert.throws(() => collect(again, '', old), CompactedError)
  const { events } = collect(again, '', again.revision)
  assert.equal(await commit(again, put('k1', 'new')), made.revision + 1)
  assert.equal(events.length, 1)
  await again.compact(again.revision)
  await again.close()
  const third = await open()
  assert.equal(third.revision, made.revision + 1)
  await third.close()
  // What was there before is kept.
  const kept = await openFile(replacedFile(file))
  assert.equal(kept.revision, newest)
  assert.equal(text(kept.get('lost')?.value), '49')
  await kept.close()
})

test('a restore repairs a file that is damaged, was lost, or is of a newer ccs', async (context) => {
  const { open, file, backup } = await scratch(context)
  const store = await open()
  await commit(store, put('a', 'kept'))
  await store.backup(backup)
  await store.close()
  writeFileSync(file, 'damaged '.repeat(2000))
  await assert.rejects(open(), { problem: 'corrupt' })
  restoreCopy({ from: backup, to: file, codec: plainCodec })
  const again = await open()
  assert.equal(text(again.get('a')?.value), 'kept')
  assert.ok(again.revision > 1)
  await again.close()
  const fresh = path.join(path.dirname(file), 'fresh.db')
  restoreCopy({ from: backup, to: fresh, codec: plainCodec })
  assert.ok(!existsSync(replacedFile(fresh)))
  await (await openFile(fresh)).close()
})

test('a damaged backup is refused by name and leaves what is there as it was', async (context) => {
  const { open, file, backup } = await scratch(context)
  const store = await open()
  for (let i = 0; i < 20; i++) await commit(store, put(`k${i}`, 'value '.repeat(100)))
  await store.backup(backup)
  await store.close()
  const before = readFileSync(file)
  const bytes = readFileSync(backup)
  const at = bytes.lastIndexOf('value value')
  bytes[at]! ^= 1
  writeFileSync(backup, bytes)
  const refused = {
    name: 'DatabaseError',
    problem: 'corrupt',
    message: new RegExp(`^${backup} is damaged`),
  }
  assert.throws(() => restoreCopy({ from: backup, to: file, codec: plainCodec }), refused)
  assert.throws(() => checkCopy(backup, plainCodec), refused)
  writeFileSync(backup, '')
  assert.throws(() => restoreCopy({ from: backup, to: file, codec: plainCodec }), /is empty/)
  assert.deepEqual(readFileSync(file), before)
  assert.ok(!existsSync(restoringFile(file)))
  assert.throws(() => checkCopy(`${backup}.none`, plainCodec), /is not there/)
})

test('a restore refuses a file that is in use, and a backup whose keys are not here', async (context) => {
  const { file, backup } = await scratch(context)
  const directory = path.dirname(file)
  const keysIn = (name: string) => {
    const place = path.join(directory, name)
    return storageCodec(instanceStorageKeys({ pki: place, engine: `${place}-needed` }))
  }
  const codec = keysIn('own')
  const store = await openFile(file, { codec })
  await commit(store, put('/core/secrets/default/a', 'secret'))
  await store.backup(backup)
  assert.throws(() => restoreCopy({ from: backup, to: file, codec }), { problem: 'in-use' })
  assert.equal(await commit(store, put('b', '1')), 2)
  await store.close()
  const stranger = keysIn('other')
  assert.throws(
    () => restoreCopy({ from: backup, to: file, codec: stranger }),
    /encrypted with the key .* does not hold/,
  )
  const again = await openFile(file, { codec })
  assert.equal(again.revision, 2)
  await again.close()
  assert.equal(restoreCopy({ from: backup, to: file, codec }).entries, 1)
})
