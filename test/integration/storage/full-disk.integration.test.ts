import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import { collect, commit, put } from '#storage/store.suite.ts'
import { openFile } from './scratch-store.ts'

test('file store refuses writes on a full disk, loses none, and goes on when there is space', async (context) => {
  const directory = mkdtempSync(path.join(tmpdir(), 'ccs-full-'))
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'ccs-full', directory])
  context.after(() => {
    execFileSync('umount', [directory])
    rmdirSync(directory)
  })
  const file = path.join(directory, 'test.db')
  const filler = path.join(directory, 'filler')
  writeFileSync(filler, new Uint8Array(2_000_000))
  const store = await openFile(file)
  const value = 'x'.repeat(50_000)
  const stored: string[] = []
  const refusal = await (async () => {
    for (let i = 0; i < 100; i++) {
      try {
        await commit(store, put(`k${i}`, value))
        stored.push(`k${i}`)
      } catch (error) {
        return error as Error
      }
    }
    throw new Error('the disk never was full')
  })()
  assert.match(refusal.message, /not stored: .*test\.db cannot grow\. Free space/)
  const names = () =>
    store
      .list('')
      .map(({ key }) => key)
      .toSorted()
  assert.deepEqual(names(), stored.toSorted())
  assert.equal(store.revision, stored.length)

  const watch = collect(store, '', store.revision)
  rmSync(filler)
  stored.push('after')
  assert.equal(await commit(store, put('after', value)), stored.length)
  assert.equal(watch.events.length, 1)
  await store.close()

  const again = await openFile(file)
  assert.equal(again.revision, stored.length)
  assert.deepEqual(
    again
      .list('')
      .map(({ key }) => key)
      .toSorted(),
    stored.toSorted(),
  )
  await again.close()
})
