import assert from 'node:assert/strict'
import { test } from 'node:test'
import { builtinKinds } from '#kinds/registry.ts'
import { openMemoryStore } from '#storage/open-memory-store.ts'
import { builtinResources } from '../builtin-resources.ts'
import { createObjectStorage } from '../objects/object-storage.ts'
import { createResourceRegistry } from '../resources.ts'
import { tableOf } from '../table.ts'
import { createSharedEncoder } from './encode-event.ts'
import { listBytes } from './list-bytes.ts'
import { readForm } from './negotiate.ts'

const registry = createResourceRegistry(builtinKinds.flatMap(builtinResources), [])
const configMaps = registry.find('', 'v1', 'configmaps')!

async function storedTwo() {
  const objects = createObjectStorage(openMemoryStore())
  for (const name of ['a', 'b'])
    await objects.write(
      `${configMaps.prefix}default/${name}`,
      {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { name, creationTimestamp: '2026-01-01T00:00:00Z' },
      },
      0,
    )
  return objects.list(configMaps.prefix)
}

test('readForm takes the first form of the Accept header that there is', () => {
  const json = 'application/json'
  const cases: [string | undefined, string][] = [
    [undefined, 'object'],
    ['*/*', 'object'],
    ['application/json;as=Table;v=v1;g=meta.k8s.io,application/json', 'table'],
    ['application/vnd.kubernetes.protobuf,application/json', 'object'],
    ['application/json;as=Table;v=v9;g=meta.k8s.io,application/json', 'object'],
    ['application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io', 'metadata'],
  ]
  for (const [accept, shape] of cases)
    assert.deepEqual(readForm(accept), { shape, encoding: json }, accept)
  assert.equal(readForm('application/yaml').encoding, 'application/yaml')
  assert.throws(() => readForm('text/html'), { reason: 'NotAcceptable' })
  const table = 'application/json;as=Table;v=v1;g=meta.k8s.io'
  assert.throws(() => readForm(table, { tables: false }), { reason: 'NotAcceptable', code: 406 })
  assert.equal(readForm(`${table},application/json`, { tables: false }).shape, 'object')
})

test('listBytes puts a list together from stored bytes', async () => {
  const items = await storedTwo()
  const bytes = listBytes(configMaps, items, { resourceVersion: '2' })
  const metadata = (name: string, resourceVersion: string) => ({
    name,
    resourceVersion,
    creationTimestamp: '2026-01-01T00:00:00Z',
  })
  assert.deepEqual(JSON.parse(Buffer.from(bytes).toString()), {
    kind: 'ConfigMapList',
    apiVersion: 'v1',
    metadata: { resourceVersion: '2' },
    items: [{ metadata: metadata('a', '1') }, { metadata: metadata('b', '2') }],
  })
  const empty = JSON.parse(Buffer.from(listBytes(configMaps, [], {})).toString()) as object
  assert.deepEqual(empty, { kind: 'ConfigMapList', apiVersion: 'v1', metadata: {}, items: [] })
})

test('tableOf shows the columns of the kind, with ages at the time given', async () => {
  const objects = (await storedTwo()).map(({ object }) => object)
  const now = Date.parse('2026-01-01T00:01:00Z')
  const options = { includeObject: 'None' as const, now, withColumns: true }
  const { rows, columnDefinitions } = tableOf(configMaps, objects, {}, options)
  assert.deepEqual(rows, [
    { cells: ['a', 0, '60s'], object: null },
    { cells: ['b', 0, '60s'], object: null },
  ])
  assert.equal((columnDefinitions as unknown[]).length, 3)
})

test('an event is encoded once for all watchers of its form', async () => {
  const [first] = await storedTwo()
  const encode = createSharedEncoder(10)
  let encoded = 0
  const item = { type: 'ADDED' as const, key: first!.key, revision: 1, object: first!.object }
  const make = () => {
    encoded++
    return new Uint8Array()
  }
  for (let watcher = 0; watcher < 5; watcher++) encode(item, 'object v1', make)
  assert.equal(encoded, 1)
  encode(item, 'metadata v1', make)
  encode({ ...item, type: 'DELETED' }, 'object v1', make)
  assert.equal(encoded, 3)
})
