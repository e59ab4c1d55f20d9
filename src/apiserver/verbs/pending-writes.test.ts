// What clients are told while earlier writes still wait for the disk.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { settle } from '#base/fake-clock.ts'
import { openMemoryStore } from '#storage/open-memory-store.ts'
import { CONFIG_MAPS, configMap, testCluster } from '../test-cluster.ts'

/** A cluster whose disk answers only while it is let to. */
async function clusterWithSlowDisk() {
  let gate = Promise.withResolvers<void>()
  gate.resolve()
  const store = openMemoryStore({
    committer: (disk) => ({
      commit: async (writes) => {
        await gate.promise
        await disk.commit(writes)
      },
      compact: (revision) => disk.compact(revision),
      backup: (path) => disk.backup(path),
      close: () => disk.close(),
    }),
  })
  const { api } = await testCluster({ store })
  return {
    api,
    hold: () => void (gate = Promise.withResolvers<void>()),
    release: () => gate.resolve(),
  }
}

/** Whether a promise has ended by now. */
async function hasEnded(promise: Promise<unknown>): Promise<boolean> {
  let ended = false
  promise.then(
    () => (ended = true),
    () => (ended = true),
  )
  await settle()
  return ended
}

test('update tells of a conflict only once the other write can be read', async () => {
  const { api, hold, release } = await clusterWithSlowDisk()
  const before = await api.create(CONFIG_MAPS, configMap('a'))
  hold()
  const first = api.update(`${CONFIG_MAPS}/a`, { ...before, data: { by: 'first' } })
  const second = api.update(`${CONFIG_MAPS}/a`, { ...before, data: { by: 'second' } })
  const refused = assert.rejects(second, { reason: 'Conflict' })
  assert.equal(await hasEnded(refused), false)
  release()
  await refused
  const seen = await api.get(`${CONFIG_MAPS}/a`)
  assert.deepEqual(seen['data'], { by: 'first' })
  await first
})

test('update that changes nothing is answered only once what it found is on disk', async () => {
  const { api, hold, release } = await clusterWithSlowDisk()
  await api.create(CONFIG_MAPS, configMap('a'))
  hold()
  const first = api.patch(`${CONFIG_MAPS}/a`, { data: { x: '1' } })
  const same = api.patch(`${CONFIG_MAPS}/a`, { data: { x: '1' } })
  assert.equal(await hasEnded(same), false)
  release()
  assert.deepEqual((await same)['metadata'], (await first)['metadata'])
})

test('delete that changes nothing more is answered only once what it found is on disk', async () => {
  const { api, hold, release } = await clusterWithSlowDisk()
  const kept = configMap('a')
  await api.create(CONFIG_MAPS, {
    ...kept,
    metadata: { ...kept.metadata, finalizers: ['example.com/hold'] },
  })
  hold()
  const first = api.delete(`${CONFIG_MAPS}/a`)
  const again = api.delete(`${CONFIG_MAPS}/a`)
  assert.equal(await hasEnded(again), false)
  release()
  await Promise.all([first, again])
})

test('delete tells that an object is gone only once its removal is on disk', async () => {
  const { api, hold, release } = await clusterWithSlowDisk()
  await api.create(CONFIG_MAPS, configMap('a'))
  hold()
  const first = api.delete(`${CONFIG_MAPS}/a`)
  const refused = assert.rejects(api.delete(`${CONFIG_MAPS}/a`), { reason: 'NotFound' })
  assert.equal(await hasEnded(refused), false)
  release()
  await refused
  await first
})

test('create tells that a name is taken only once its object can be read', async () => {
  const { api, hold, release } = await clusterWithSlowDisk()
  hold()
  const first = api.create(CONFIG_MAPS, configMap('a'))
  const refused = assert.rejects(api.create(CONFIG_MAPS, configMap('a')), {
    reason: 'AlreadyExists',
  })
  assert.equal(await hasEnded(refused), false)
  release()
  await refused
  await api.get(`${CONFIG_MAPS}/a`)
  await first
})
