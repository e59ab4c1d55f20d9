import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Committer } from './committer.ts'
import { storageLimits } from './limits.ts'
import { MemoryLog } from './memory-log.ts'
import { openMemoryStore } from './open-memory-store.ts'
import { collect, commit, put, remove, storeSuite, text } from './store.suite.ts'
import { CompactedError } from './types.ts'

storeSuite('memory store', async () => {
  const disk = new MemoryLog()
  return { open: async () => openMemoryStore({ disk }), remove: async () => {} }
})

/** A disk that can be made to refuse, and that counts its transactions. */
function fickle() {
  const state = { full: false, batches: [] as number[] }
  const committer = (disk: Committer): Committer => ({
    commit: async (writes) => {
      if (state.full) throw new Error('no space left')
      state.batches.push(writes.length)
      await disk.commit(writes)
    },
    compact: (revision) => disk.compact(revision),
    backup: (path) => disk.backup(path),
    close: () => disk.close(),
  })
  return { state, committer }
}

test('store shows nothing of a refused batch and of what waited behind it', async () => {
  const { state, committer } = fickle()
  const disk = new MemoryLog()
  const store = openMemoryStore({ disk, committer })
  await commit(store, put('a', '1'))
  const watch = collect(store, '', 1)
  state.full = true
  const refused = [store.commit([put('a', '2')]), store.commit([put('a', '3'), put('b', '1')])]
  const results = await Promise.allSettled(refused)
  assert.deepEqual(
    results.map(({ status }) => status),
    ['rejected', 'rejected'],
  )
  assert.match(String((results[0] as PromiseRejectedResult).reason), /not stored: no space left/)
  assert.equal(text(store.getAccepted('a')?.value), '1')
  assert.equal(store.getAccepted('b'), undefined)
  assert.deepEqual(watch.events, [])
  assert.equal(openMemoryStore({ disk }).revision, 1)
})

test('store goes on when the disk has space again, revisions still rising', async () => {
  const { state, committer } = fickle()
  const store = openMemoryStore({ committer })
  await commit(store, put('a', '1'))
  state.full = true
  await assert.rejects(store.commit([put('a', '2', 1)]))
  state.full = false
  assert.equal(await commit(store, put('a', '3', 1)), 2)
  assert.equal(text(store.get('a')?.value), '3')
})

test('store refuses a write that was accepted while the batch before it failed', async () => {
  let fail: ((error: Error) => void) | undefined
  const disk = new MemoryLog()
  const store = openMemoryStore({
    disk,
    committer: () => ({
      commit: (writes) =>
        fail === undefined ? new Promise((_, reject) => void (fail = reject)) : disk.commit(writes),
      compact: async () => {},
      backup: async () => {},
      close: async () => {},
    }),
  })
  const first = store.commit([put('a', '1')])
  await Promise.resolve()
  await Promise.resolve()
  const second = store.commit([put('b', '1')])
  fail!(new Error('broken'))
  await assert.rejects(first)
  await assert.rejects(second)
  assert.equal(await commit(store, put('c', '1')), 1)
  assert.equal(store.count(''), 1)
})

test('store sends what queued up during a commit as one batch', async () => {
  const { state, committer } = fickle()
  const store = openMemoryStore({ committer })
  await Promise.all(Array.from({ length: 30 }, (_, i) => commit(store, put(`k${i}`, ''))))
  assert.deepEqual(state.batches, [30])
})

test('store splits a crowd into batches of the limit', async () => {
  const { state, committer } = fickle()
  const store = openMemoryStore({ committer })
  const count = storageLimits.batchWritesMax + 1
  await Promise.all(Array.from({ length: count }, (_, i) => commit(store, put(`k${i}`, ''))))
  assert.deepEqual(state.batches, [storageLimits.batchWritesMax, 1])
})

test('store splits a batch of large values by their bytes', async () => {
  const { state, committer } = fickle()
  const store = openMemoryStore({ committer })
  const large = new Uint8Array(storageLimits.batchBytesMax / 2 - 100)
  const keys = ['a', 'b', 'c']
  await Promise.all(keys.map((key) => store.commit([{ key, value: () => large }])))
  assert.deepEqual(state.batches, [2, 1])
})

test('store refuses writes above the limit of those that wait', async () => {
  const never = new Promise<void>(() => {})
  const store = openMemoryStore({
    committer: (disk) => ({
      commit: () => never,
      compact: (revision) => disk.compact(revision),
      backup: (path) => disk.backup(path),
      close: () => disk.close(),
    }),
  })
  for (let i = 0; i < storageLimits.pendingWritesMax; i++) void store.commit([put(`k${i}`, '')])
  await assert.rejects(store.commit([put('one more', '')]), { reason: 'TooManyRequests' })
})

test('store keeps history up to its limit and says where it begins', async () => {
  const store = openMemoryStore({ history: { eventsMax: 3, bytesMax: 1000 } })
  for (let i = 1; i <= 5; i++) await commit(store, put('a', String(i)))
  assert.equal(collect(store, '', 2).events.length, 3)
  assert.throws(() => collect(store, '', 1), new CompactedError(2))
})

test('store keeps history up to its bytes', async () => {
  const store = openMemoryStore({ history: { eventsMax: 100, bytesMax: 40 } })
  for (let i = 1; i <= 5; i++) await commit(store, put('a', 'x'.repeat(15)))
  assert.equal(collect(store, '', 3).events.length, 2)
  assert.throws(() => collect(store, '', 2), new CompactedError(3))
})

test('store delivers to a watch that begins in the future from there on', async () => {
  const store = openMemoryStore()
  const watch = collect(store, '', 2)
  await Promise.all(['a', 'b', 'c'].map((key) => commit(store, put(key, '1'))))
  assert.deepEqual(watch.events, ['put c=1 @3 (created 3)'])
})

test('store closes a watch whose handler throws and serves the others', async () => {
  const store = openMemoryStore()
  let calls = 0
  store.watch('', 0, {
    events: () => {
      calls++
      throw new Error('a bug')
    },
  })
  const other = collect(store, '', 0)
  await commit(store, put('a', '1'))
  await commit(store, put('a', '2'))
  assert.equal(calls, 1)
  assert.equal(other.events.length, 2)
})

test('store delivers each event once to a watch opened inside a handler', async () => {
  const store = openMemoryStore()
  let inner: ReturnType<typeof collect> | undefined
  store.watch('', 0, { events: () => void (inner ??= collect(store, '', 0)) })
  await commit(store, put('a', '1'))
  await commit(store, remove('a'))
  assert.equal(inner?.events.length, 2)
})

test('store keeps the very bytes that were written', async () => {
  const store = openMemoryStore()
  const value = new Uint8Array([1, 2, 3])
  await store.commit([{ key: 'a', value: () => value }])
  assert.equal(store.get('a')?.value, value)
})
