import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fakeClock } from '#base/fake-clock.ts'
import { silentLogger } from '#base/log.ts'
import { seededRandom } from '#base/random.ts'
import type { ConfigMap } from '#kinds/k8s/core.ts'
import { configMaps } from '#kinds/refs.ts'
import { createClient } from './create-client.ts'
import { fakeApi } from './fake-api.ts'
import { createInformer } from './informer.ts'

const configMap = (name: string, data: Record<string, string> = {}): ConfigMap => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace: 'default' },
  data,
})

function setup(names: string[] = []) {
  const clock = fakeClock()
  const api = fakeApi({ clock, objects: names.map((name) => configMap(name)) })
  const informer = createInformer<ConfigMap>({
    client: createClient(api.call),
    kind: configMaps,
    clock,
    random: seededRandom(1),
    log: silentLogger,
    indexers: { value: (object) => Object.values(object.data ?? {}) },
  })
  const seen: string[] = []
  informer.on({
    added: (object) => seen.push(`+${object.metadata.name}`),
    updated: (object, old) =>
      seen.push(`${old.data?.['k'] ?? ''}>${object.data?.['k'] ?? ''} ${object.metadata.name}`),
    deleted: (object) => seen.push(`-${object.metadata.name}`),
  })
  informer.start()
  return { clock, api, informer, seen }
}

test('informer delivers the list and then every change', async () => {
  const { clock, api, informer, seen } = setup(['a'])
  assert.equal(informer.hasSynced, false)
  await clock.advance(0)
  await informer.synced
  api.put(configMaps, configMap('b'))
  api.put(configMaps, {
    ...api.get(configMaps, { namespace: 'default', name: 'a' })!,
    data: { k: '1' },
  })
  api.remove(configMaps, { namespace: 'default', name: 'b' })
  await clock.advance(0)
  assert.deepEqual(seen, ['+a', '+b', '>1 a', '-b'])
  assert.equal(informer.list('default').length, 1)
  assert.equal(informer.list('other').length, 0)
  await informer.stop()
})

test('informer walks a list of many pages', async () => {
  const { clock, informer, api } = setup(Array.from({ length: 1201 }, (_, i) => `c${i}`))
  await clock.advance(0)
  assert.equal(informer.list().length, 1201)
  const lists = api.requests.filter(({ query }) => query.get('watch') === null)
  assert.equal(lists.length, 3)
  await informer.stop()
})

test('informer goes on from its version after a watch ends, without a new list', async () => {
  const { clock, api, informer, seen } = setup(['a'])
  await clock.advance(0)
  api.breakWatches()
  api.put(configMaps, configMap('b'))
  await clock.advance(20_000)
  assert.deepEqual(seen, ['+a', '+b'])
  const lists = api.requests.filter(({ query }) => query.get('watch') === null)
  assert.equal(lists.length, 1)
  await informer.stop()
})

test('informer lists again after 410 and tells what was deleted, changed and replaced meanwhile', async () => {
  const { clock, api, informer, seen } = setup(['gone', 'same', 'changed', 'reborn'])
  await clock.advance(0)
  seen.length = 0
  const place = (name: string) => ({ namespace: 'default', name })
  api.breakWatches(new Error('connection reset'))
  api.remove(configMaps, place('gone'))
  api.remove(configMaps, place('reborn'))
  api.put(configMaps, configMap('reborn'))
  api.put(configMaps, { ...api.get(configMaps, place('changed'))!, data: { k: '2' } })
  api.compact()
  await clock.advance(20_000)
  assert.deepEqual(seen.toSorted(), ['+reborn', '-gone', '-reborn', '>2 changed'])
  await informer.stop()
})

test('informer uses the version of bookmarks, so that compaction of other changes costs no list', async () => {
  const { clock, api, informer } = setup(['a'])
  await clock.advance(0)
  api.put({ ...configMaps, plural: 'others' }, configMap('x'))
  api.sendBookmarks()
  api.compact()
  await clock.advance(0)
  api.breakWatches()
  await clock.advance(20_000)
  const lists = api.requests.filter(({ query }) => query.get('watch') === null)
  assert.equal(lists.length, 1)
  await informer.stop()
})

test('informer survives a handler that throws and tells the others', async () => {
  const { clock, api, informer, seen } = setup()
  informer.on({
    added: () => {
      throw new Error('bug')
    },
  })
  let told = 0
  informer.on({ added: () => void told++ })
  await clock.advance(0)
  api.put(configMaps, configMap('a'))
  await clock.advance(0)
  assert.deepEqual(seen, ['+a'])
  assert.equal(told, 1)
  await informer.stop()
})

test('informer tries again with back-off while the API is away', async () => {
  const clock = fakeClock()
  const api = fakeApi({ clock, objects: [configMap('a')] })
  api.fail({ error: new Error('connection refused'), times: 3 })
  const client = createClient(api.call)
  const random = seededRandom(1)
  const informer = createInformer({ client, kind: configMaps, clock, random, log: silentLogger })
  informer.start()
  await clock.advance(50)
  assert.equal(api.requests.length, 1)
  await clock.advance(20_000)
  assert.equal(informer.hasSynced, true)
  await informer.stop()
})

test('informer keeps its indexes as objects change and go', async () => {
  const { clock, api, informer } = setup()
  await clock.advance(0)
  api.put(configMaps, configMap('a', { k: 'x' }))
  api.put(configMaps, configMap('b', { k: 'x' }))
  await clock.advance(0)
  assert.deepEqual(
    informer.byIndex('value', 'x').map(({ metadata }) => metadata.name),
    ['a', 'b'],
  )
  api.put(configMaps, {
    ...api.get(configMaps, { namespace: 'default', name: 'a' })!,
    data: { k: 'y' },
  })
  api.remove(configMaps, { namespace: 'default', name: 'b' })
  await clock.advance(0)
  assert.deepEqual(informer.byIndex('value', 'x'), [])
  assert.deepEqual(
    informer.byIndex('value', 'y').map(({ metadata }) => metadata.name),
    ['a'],
  )
  await informer.stop()
})

test('informer tells a late handler of everything cached', async () => {
  const { clock, informer } = setup(['a', 'b'])
  await clock.advance(0)
  const late: string[] = []
  informer.on({ added: ({ metadata }) => void late.push(metadata.name) })
  assert.deepEqual(late, ['a', 'b'])
  await informer.stop()
})
