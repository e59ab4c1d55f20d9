import assert from 'node:assert/strict'
import { test } from 'node:test'
import { limits } from '#base/limits.ts'
import { openMemoryStore } from '#storage/open-memory-store.ts'
import type { Json } from '../test-cluster.ts'
import { CONFIG_MAPS, configMap, testCluster, textOf } from '../test-cluster.ts'

const summary = (event: Json | undefined) =>
  event && [event['type'], event['object']?.['metadata']?.['name']]

async function next(events: AsyncIterator<Json>): Promise<Json> {
  const result = await events.next()
  assert.equal(result.done, false)
  return result.value as Json
}

test('watch without a version begins with what is there', async () => {
  const { api } = await testCluster()
  await api.create(CONFIG_MAPS, configMap('a'))
  const abort = new AbortController()
  const events = await api.watch(`${CONFIG_MAPS}?watch=1`, abort.signal)
  assert.deepEqual(summary(await next(events)), ['ADDED', 'a'])
  await api.patch(`${CONFIG_MAPS}/a`, { data: { k: 'v' } })
  assert.deepEqual(summary(await next(events)), ['MODIFIED', 'a'])
  abort.abort()
  assert.equal((await events.next()).done, true)
})

test('watch from a version tells all that came after it, deletes with their own version', async () => {
  const { api, store } = await testCluster()
  const version = store.revision
  await api.create(CONFIG_MAPS, configMap('a'))
  await api.delete(`${CONFIG_MAPS}/a`)
  const abort = new AbortController()
  const path = `${CONFIG_MAPS}?watch=1&resourceVersion=${version}`
  const events = await api.watch(path, abort.signal)
  assert.deepEqual(summary(await next(events)), ['ADDED', 'a'])
  const gone = await next(events)
  assert.deepEqual(summary(gone), ['DELETED', 'a'])
  assert.equal(gone['object']?.['metadata']?.['resourceVersion'], String(store.revision))
  abort.abort()
})

test('watch with a selector sees objects come and go as they match', async () => {
  const { api, store } = await testCluster()
  await api.create(CONFIG_MAPS, configMap('a', {}, { labels: { on: 'yes' } }))
  const abort = new AbortController()
  const path = `${CONFIG_MAPS}?watch=1&resourceVersion=${store.revision}&labelSelector=on%3Dyes`
  const events = await api.watch(path, abort.signal)
  await api.patch(`${CONFIG_MAPS}/a`, { metadata: { labels: { on: 'no' } } })
  const left = await next(events)
  assert.deepEqual(summary(left), ['DELETED', 'a'])
  // The last state that matched, as the watcher knows it.
  assert.equal(left['object']?.['metadata']?.['labels']?.['on'], 'yes')
  await api.patch(`${CONFIG_MAPS}/a`, { metadata: { labels: { on: 'yes' } } })
  assert.deepEqual(summary(await next(events)), ['ADDED', 'a'])
  abort.abort()
})

const revisionIn = (bookmark: Json) => {
  assert.equal(bookmark['type'], 'BOOKMARK')
  return textOf(bookmark['object']?.['metadata']?.['resourceVersion'])
}

test('watch marks the end of the initial state when asked to', async () => {
  const { api, clock, store } = await testCluster()
  await api.create(CONFIG_MAPS, configMap('a'))
  const abort = new AbortController()
  const query = 'watch=1&sendInitialEvents=true&allowWatchBookmarks=true'
  const path = `${CONFIG_MAPS}?${query}&resourceVersionMatch=NotOlderThan`
  const events = await api.watch(path, abort.signal)
  assert.deepEqual(summary(await next(events)), ['ADDED', 'a'])
  const mark = await next(events)
  assert.equal(mark['type'], 'BOOKMARK')
  assert.deepEqual(mark['object']?.['metadata']?.['annotations'], {
    'k8s.io/initial-events-end': 'true',
  })
  await api.create('/api/v1/namespaces/kube-system/configmaps', configMap('elsewhere'))
  await clock.advance(1_000)
  assert.equal(revisionIn(await next(events)), String(store.revision))
  abort.abort()
})

test('watch sends bookmarks with the newest version while nothing happens', async () => {
  const { api, clock, store } = await testCluster()
  const abort = new AbortController()
  const path = `${CONFIG_MAPS}?watch=1&resourceVersion=${store.revision}&allowWatchBookmarks=true`
  const events = await api.watch(path, abort.signal)
  await api.create('/api/v1/namespaces/kube-system/configmaps', configMap('elsewhere'))
  await clock.advance(60_000)
  assert.equal(revisionIn(await next(events)), String(store.revision))
  abort.abort()
})

test('watch sends a bookmark shortly before it ends', async () => {
  const { api, clock, store } = await testCluster()
  const abort = new AbortController()
  const query = `watch=1&timeoutSeconds=10&resourceVersion=${store.revision}`
  const events = await api.watch(`${CONFIG_MAPS}?${query}&allowWatchBookmarks=true`, abort.signal)
  await api.create('/api/v1/namespaces/kube-system/configmaps', configMap('elsewhere'))
  await clock.advance(8_000)
  assert.equal(revisionIn(await next(events)), String(store.revision))
  const end = events.next()
  await clock.advance(2_000)
  assert.equal((await end).done, true)
})

test('watch ends after its timeout', async () => {
  const { api, clock } = await testCluster()
  const abort = new AbortController()
  const events = await api.watch(`${CONFIG_MAPS}?watch=1&timeoutSeconds=5`, abort.signal)
  const end = events.next()
  await clock.advance(5_000)
  assert.equal((await end).done, true)
})

test('watch of history that is gone says Expired', async () => {
  const { api, store } = await testCluster()
  const old = store.revision
  await api.create(CONFIG_MAPS, configMap('a'))
  await api.create(CONFIG_MAPS, configMap('b'))
  await store.compact(store.revision)
  const abort = new AbortController()
  const path = `${CONFIG_MAPS}?watch=1&resourceVersion=${old}`
  const events = await api.watch(path, abort.signal)
  const error = await next(events)
  assert.equal(error['type'], 'ERROR')
  assert.equal(error['object']?.['code'], 410)
  assert.equal((await events.next()).done, true)
})

test('a watcher that does not read is closed, and writes go on', async () => {
  const store = openMemoryStore()
  const { api } = await testCluster({ store })
  await api.create(CONFIG_MAPS, configMap('a'))
  const abort = new AbortController()
  const path = `${CONFIG_MAPS}?watch=1&resourceVersion=${store.revision}`
  const events = await api.watch(path, abort.signal)
  const writes = limits.watchQueueEventsMax + 1
  for (let i = 0; i < writes; i++) await api.patch(`${CONFIG_MAPS}/a`, { data: { k: String(i) } })
  let read = 0
  for (let step = await events.next(); step.done !== true; step = await events.next()) read++
  assert.equal(read, limits.watchQueueEventsMax)
})
