import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ConfigMap } from '#kinds/k8s/core.ts'
import type { OwnerReference } from '#kinds/k8s/meta.ts'
import type { KubeObject } from '#kinds/object.ts'
import type { KindRef } from '#kinds/ref.ts'
import { configMaps, customResourceDefinitions } from '#kinds/refs.ts'
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
