import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fakeClock } from '#base/fake-clock.ts'
import { silentLogger } from '#base/log.ts'
import { compactionTarget, startCompaction } from './compaction.ts'
import { openMemoryStore } from './open-memory-store.ts'
import { collect, commit, put } from './store.suite.ts'
import { CompactedError } from './types.ts'

const rule = { ageMs: 1000, revisionsMax: 100 }

test('compactionTarget keeps what is younger than the age', () => {
  const samples = [
    { atMs: 0, revision: 5 },
    { atMs: 500, revision: 7 },
    { atMs: 900, revision: 9 },
  ]
  assert.equal(compactionTarget(samples, { atMs: 999, revision: 10 }, rule), 0)
  assert.equal(compactionTarget(samples, { atMs: 1500, revision: 10 }, rule), 7)
})

test('compactionTarget keeps no more revisions than the rule allows', () => {
  assert.equal(compactionTarget([], { atMs: 0, revision: 250 }, rule), 150)
})

test('startCompaction forgets history that is old enough and stops when told to', async () => {
  const clock = fakeClock()
  const store = openMemoryStore()
  const options = { store, clock, log: silentLogger, intervalMs: 500 }
  const compaction = startCompaction({ ...options, rule })
  await commit(store, put('a', '1'))
  await clock.advance(500)
  await commit(store, put('a', '2'))
  await clock.advance(500)
  assert.equal(collect(store, '', 0).events.length, 2)
  await clock.advance(500)
  assert.throws(() => collect(store, '', 0), new CompactedError(1))
  assert.equal(collect(store, '', 1).events.length, 1)
  await compaction.stop()
  assert.equal(clock.pending, 0)
})

test('startCompaction goes on after a compaction that failed', async () => {
  const clock = fakeClock()
  let tries = 0
  const store = openMemoryStore({
    committer: (disk) => ({
      commit: (writes) => disk.commit(writes),
      compact: async (revision) => {
        if (++tries === 1) throw new Error('no space left')
        await disk.compact(revision)
      },
      backup: (path) => disk.backup(path),
      close: () => disk.close(),
    }),
  })
  const compaction = startCompaction({ store, clock, log: silentLogger, rule, intervalMs: 500 })
  await commit(store, put('a', '1'))
  await clock.advance(3000)
  assert.equal(tries, 2)
  await compaction.stop()
})
