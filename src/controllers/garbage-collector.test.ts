import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ConfigMap } from '#kinds/k8s/core.ts'
import type { OwnerReference } from '#kinds/k8s/meta.ts'
import type { KubeObject } from '#kinds/object.ts'
import type { KindRef } from '#kinds/ref.ts'
import { configMaps, customResourceDefinitions, events, namespaces } from '#kinds/refs.ts'
import { createClient } from '#client/create-client.ts'
import { type ControllerBench, controllerBench } from './controller-bench.ts'
import { createGarbageCollector } from './garbage-collector.ts'

const place = (name: string) => ({ namespace: 'default', name })

function ownedBy(owners: readonly KubeObject[], blockOwnerDeletion = true): OwnerReference[] {
  return owners.map(({ apiVersion, kind, metadata: { name, uid = '' } }) => ({
    apiVersion,
    kind,
    name,
    uid,
    blockOwnerDeletion,
  }))
}

const configMap = (name: string, owners: readonly KubeObject[] = []): ConfigMap => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { ...place(name), ownerReferences: ownedBy(owners) },
})

async function started(): Promise<ControllerBench> {
  const bench = controllerBench(createGarbageCollector)
  await bench.settle()
  await bench.clock.advance(200)
  await bench.settle()
  return bench
}

const namesIn = ({ api }: ControllerBench) => api.list(configMaps).map((o) => o.metadata.name)

async function passTime(bench: ControllerBench): Promise<void> {
  for (let i = 0; i < 20; i++) {
    await bench.settle()
    await bench.clock.advance(100)
  }
}

test('garbage collector deletes all below an owner that is gone, level by level', async () => {
  const bench = await started()
  const root = bench.api.put(configMaps, configMap('root'))
  const middle = bench.api.put(configMaps, configMap('middle', [root]))
  bench.api.put(configMaps, configMap('leaf', [middle]))
  bench.api.put(configMaps, configMap('other'))
  await passTime(bench)
  assert.equal(namesIn(bench).length, 4)
  bench.api.remove(configMaps, place('root'))
  await passTime(bench)
  assert.deepEqual(namesIn(bench), ['other'])
  await bench.stop()
})

test('garbage collector knows a dangling owner by its uid, not its name', async () => {
  const bench = await started()
  const first = bench.api.put(configMaps, configMap('owner'))
  bench.api.remove(configMaps, place('owner'))
  bench.api.put(configMaps, configMap('owner'))
  bench.api.put(configMaps, configMap('late', [first]))
  await passTime(bench)
  assert.deepEqual(namesIn(bench), ['owner'])
  await bench.stop()
})

test('garbage collector keeps an object while one owner is left and drops the reference to the other', async () => {
  const bench = await started()
  const [a, b] = ['a', 'b'].map((name) => bench.api.put(configMaps, configMap(name)))
  bench.api.put(configMaps, configMap('shared', [a!, b!]))
  await passTime(bench)
  bench.api.remove(configMaps, place('a'))
  await passTime(bench)
  const owners = bench.api.get(configMaps, place('shared'))?.metadata.ownerReferences
  assert.deepEqual(
    owners?.map(({ name }) => name),
    ['b'],
  )
  await bench.stop()
})

test('garbage collector lets a foreground deletion end only after the dependents that block it', async () => {
  const bench = await started()
  const root = bench.api.put(configMaps, configMap('root'))
  const middle = bench.api.put(configMaps, configMap('middle', [root]))
  const leaf = configMap('leaf', [middle])
  bench.api.put(configMaps, { ...leaf, metadata: { ...leaf.metadata, finalizers: ['wait'] } })
  await passTime(bench)
  const resource = createClient(bench.api.call).resource(configMaps)
  await resource.delete(place('root'), { propagationPolicy: 'Foreground' })
  await passTime(bench)
  assert.deepEqual(namesIn(bench), ['leaf', 'middle', 'root'])
  assert.notEqual(bench.api.get(configMaps, place('leaf'))?.metadata.deletionTimestamp, undefined)
  await resource.patch(place('leaf'), { metadata: { finalizers: null } })
  await passTime(bench)
  assert.deepEqual(namesIn(bench), [])
  await bench.stop()
})

test('garbage collector frees the dependents of an owner that is deleted as orphaning', async () => {
  const bench = await started()
  const root = bench.api.put(configMaps, configMap('root'))
  bench.api.put(configMaps, configMap('child', [root]))
  await passTime(bench)
  const resource = createClient(bench.api.call).resource(configMaps)
  await resource.delete(place('root'), { propagationPolicy: 'Orphan' })
  await passTime(bench)
  assert.deepEqual(namesIn(bench), ['child'])
  assert.deepEqual(bench.api.get(configMaps, place('child'))?.metadata.ownerReferences, [])
  await bench.stop()
})

for (const policy of ['Background', 'Foreground'] as const)
  test(`garbage collector is not held up by a circle of owners: ${policy}`, async () => {
    const bench = await started()
    const made = ['a', 'b', 'c'].map((name) => bench.api.put(configMaps, configMap(name)))
    for (const [index, object] of made.entries()) {
      const ownerReferences = ownedBy([made[(index + 2) % 3]!])
      bench.api.put(configMaps, { ...object, metadata: { ...object.metadata, ownerReferences } })
    }
    await passTime(bench)
    assert.equal(namesIn(bench).length, 3)
    const resource = createClient(bench.api.call).resource(configMaps)
    await resource.delete(place('a'), { propagationPolicy: policy })
    await passTime(bench)
    assert.deepEqual(namesIn(bench), [])
    await bench.stop()
  })

test('garbage collector keeps what a second owner still holds while the first waits', async () => {
  const bench = await started()
  const [a, b] = ['a', 'b'].map((name) => bench.api.put(configMaps, configMap(name)))
  const held = configMap('held', [a!])
  bench.api.put(configMaps, { ...held, metadata: { ...held.metadata, finalizers: ['wait'] } })
  bench.api.put(configMaps, configMap('shared', [a!, b!]))
  await passTime(bench)
  const resource = createClient(bench.api.call).resource(configMaps)
  await resource.delete(place('a'), { propagationPolicy: 'Foreground' })
  await passTime(bench)
  const { deletionTimestamp, ownerReferences } = bench.api.get(
    configMaps,
    place('shared'),
  )!.metadata
  assert.equal(deletionTimestamp, undefined)
  assert.deepEqual(
    ownerReferences?.map(({ name }) => name),
    ['b'],
  )
  await bench.stop()
})

const warningsIn = ({ api }: ControllerBench) =>
  api
    .list(events)
    .filter(({ reason }) => reason === 'OwnerRefInvalidNamespace')
    .map(({ message }) => message)

test('garbage collector takes an owner in another namespace for none, and says so', async () => {
  const bench = await started()
  const elsewhere = configMap('owner')
  const owner = bench.api.put(configMaps, {
    ...elsewhere,
    metadata: { ...elsewhere.metadata, namespace: 'other' },
  })
  bench.api.put(configMaps, configMap('child', [owner]))
  await passTime(bench)
  assert.deepEqual(namesIn(bench), ['owner'])
  assert.deepEqual(warningsIn(bench), [
    `ownerRef [v1/ConfigMap, namespace: default, name: owner, uid: ${owner.metadata.uid}] does not exist in namespace "default"`,
  ])
  await bench.stop()
})

test('garbage collector leaves an object of the cluster alone whose owner is in a namespace', async () => {
  const bench = await started()
  const owner = bench.api.put(configMaps, configMap('owner'))
  bench.api.put(namespaces, {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: 'n', ownerReferences: ownedBy([owner]) },
    spec: {},
  })
  await passTime(bench)
  bench.api.remove(configMaps, place('owner'))
  await passTime(bench)
  assert.notEqual(bench.api.get(namespaces, { name: 'n' }), undefined)
  assert.equal(warningsIn(bench).length, 1)
  await bench.stop()
})

test('garbage collector follows custom kinds, also those defined later', async () => {
  const kinds: KindRef[] = []
  const widgets = {
    group: 'x.dev',
    version: 'v1',
    kind: 'Widget',
    plural: 'widgets',
    namespaced: true,
  }
  const bench = controllerBench(createGarbageCollector, { kinds })
  await passTime(bench)
  const owner = bench.api.put(configMaps, configMap('owner'))
  // The fake API lists what it was given; a definition makes the collector look again.
  kinds.push(widgets)
  bench.api.put(customResourceDefinitions, {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: 'widgets.x.dev' },
    spec: {
      group: 'x.dev',
      names: { kind: 'Widget', plural: 'widgets' },
      scope: 'Namespaced',
      versions: [],
    },
  })
  const metadata = { ...place('w'), ownerReferences: ownedBy([owner]) }
  bench.api.put(widgets, { apiVersion: 'x.dev/v1', kind: 'Widget', metadata })
  await passTime(bench)
  assert.equal(bench.api.list(widgets).length, 1)
  bench.api.remove(configMaps, place('owner'))
  await passTime(bench)
  assert.equal(bench.api.list(widgets).length, 0)
  await bench.stop()
})
