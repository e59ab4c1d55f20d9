// What the conformance tests "[sig-api-machinery] Garbage collector" and "Namespaces" ask.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { configMap, deployment, type Json, listOf, pod, textOf } from '#apiserver/test-cluster.ts'
import { makeNamespace, until, type WholeCluster, withWholeCluster } from './whole-cluster.ts'

const replicationController = (name: string, replicas: number, labels = { app: name }) => ({
  apiVersion: 'v1',
  kind: 'ReplicationController',
  metadata: { name },
  spec: {
    replicas,
    selector: labels,
    template: {
      metadata: { labels },
      spec: { containers: [{ name: 'main', image: 'busybox' }] },
    },
  },
})

const items = async ({ api }: WholeCluster, path: string): Promise<Json[]> =>
  listOf((await api.get(path))['items'])

const waitForPods = (cluster: WholeCluster, ns: string, count: number) =>
  until(
    cluster,
    () => items(cluster, `${ns}/pods`),
    (seen) => seen.length === count,
  )

const isThere = async ({ api }: WholeCluster, path: string): Promise<boolean> =>
  api.get(path).then(
    () => true,
    (error: { reason?: string }) => {
      if (error.reason !== 'NotFound') throw error
      return false
    },
  )

test('pods of a replication controller go with it, unless they are to be orphaned', () =>
  withWholeCluster(async (cluster) => {
    const ns = await makeNamespace(cluster, 'n')
    for (const [policy, left] of [
      ['Background', 0],
      ['Orphan', 2],
    ] as const) {
      await cluster.api.create(`${ns}/replicationcontrollers`, replicationController('r', 2))
      await waitForPods(cluster, ns, 2)
      await cluster.api.delete(`${ns}/replicationcontrollers/r`, { propagationPolicy: policy })
      await until(
        cluster,
        () => isThere(cluster, `${ns}/replicationcontrollers/r`),
        (is) => !is,
      )
      await cluster.pass(30_000)
      const pods = await waitForPods(cluster, ns, left)
      for (const { metadata } of pods) assert.equal(metadata?.['ownerReferences'], undefined)
    }
  }))

test('a replication controller that is deleted in the foreground goes after its pods', () =>
  withWholeCluster(
    async (cluster) => {
      const { api } = cluster
      const ns = await makeNamespace(cluster, 'n')
      await api.create(`${ns}/replicationcontrollers`, replicationController('r', 3))
      await waitForPods(cluster, ns, 3)
      await api.delete(`${ns}/replicationcontrollers/r`, { propagationPolicy: 'Foreground' })
      // Nothing ends these pods but what follows: the owner waits for the last of them.
      const going = await until(
        cluster,
        () => items(cluster, `${ns}/pods`),
        (seen) => seen.every(({ metadata }) => metadata?.['deletionTimestamp'] !== undefined),
      )
      for (const { metadata } of going) {
        assert.ok(await isThere(cluster, `${ns}/replicationcontrollers/r`))
        const name = textOf(metadata?.['name'])
        if (await isThere(cluster, `${ns}/pods/${name}`))
          await api.delete(`${ns}/pods/${name}`, { gracePeriodSeconds: 0 })
      }
      await until(
        cluster,
        () => isThere(cluster, `${ns}/replicationcontrollers/r`),
        (is) => !is,
      )
    },
    { podsRun: false },
  ))

test('pods with a second owner stay when the first waits for its dependents', () =>
  withWholeCluster(async (cluster) => {
    const { api } = cluster
    const ns = await makeNamespace(cluster, 'n')
    await api.create(`${ns}/replicationcontrollers`, replicationController('one', 4))
    await waitForPods(cluster, ns, 4)
    const two = await api.create(
      `${ns}/replicationcontrollers`,
      replicationController('two', 0, { app: 'other' }),
    )
    const pods = await items(cluster, `${ns}/pods`)
    const uid = two['metadata']?.['uid']
    const owner = { apiVersion: 'v1', kind: 'ReplicationController', name: 'two', uid }
    for (const { metadata } of pods.slice(0, 2)) {
      const ownerReferences = [...listOf(metadata?.['ownerReferences']), owner]
      await api.patch(`${ns}/pods/${textOf(metadata?.['name'])}`, { metadata: { ownerReferences } })
    }
    await api.delete(`${ns}/replicationcontrollers/one`, { propagationPolicy: 'Foreground' })
    await until(
      cluster,
      () => isThere(cluster, `${ns}/replicationcontrollers/one`),
      (is) => !is,
    )
    const left = await waitForPods(cluster, ns, 2)
    for (const { metadata } of left) {
      assert.equal(metadata?.['deletionTimestamp'], undefined)
      assert.deepEqual(
        listOf(metadata?.['ownerReferences']).map(({ name }) => name),
        ['two'],
      )
    }
  }))

test('replica sets of a deployment go with it, unless they are to be orphaned', () =>
  withWholeCluster(async (cluster) => {
    const { api } = cluster
    const ns = await makeNamespace(cluster, 'n')
    const apps = ns.replace('/api/v1', '/apis/apps/v1')
    for (const [policy, left] of [
      ['Background', 0],
      ['Orphan', 1],
    ] as const) {
      await api.create(`${apps}/deployments`, deployment('d', { replicas: 2 }))
      await waitForPods(cluster, ns, 2)
      await api.delete(`${apps}/deployments/d`, { propagationPolicy: policy })
      await until(
        cluster,
        () => isThere(cluster, `${apps}/deployments/d`),
        (is) => !is,
      )
      await cluster.pass(10_000)
      const sets = await items(cluster, `${apps}/replicasets`)
      assert.equal(sets.length, left)
      for (const { metadata } of sets) assert.equal(metadata?.['ownerReferences'], undefined)
      await waitForPods(cluster, ns, 2 * left)
    }
  }))

test('a circle of pods that own each other is collected', () =>
  withWholeCluster(async (cluster) => {
    const { api } = cluster
    const ns = await makeNamespace(cluster, 'n')
    const names = ['pod1', 'pod2', 'pod3']
    const made = []
    for (const name of names) made.push(await api.create(`${ns}/pods`, pod(name)))
    for (const [index, name] of names.entries()) {
      const { uid, name: owner } = made[(index + 2) % 3]?.['metadata'] ?? {}
      const reference = { apiVersion: 'v1', kind: 'Pod', name: owner, uid, controller: true }
      await api.patch(`${ns}/pods/${name}`, {
        metadata: { ownerReferences: [{ ...reference, blockOwnerDeletion: true }] },
      })
    }
    await cluster.pass(5_000)
    assert.equal((await items(cluster, `${ns}/pods`)).length, 3)
    await api.delete(`${ns}/pods/pod1`, { propagationPolicy: 'Foreground' })
    await waitForPods(cluster, ns, 0)
  }))

for (const [what, path, body] of [
  ['pods', 'pods', pod('a')],
  [
    'services',
    'services',
    { apiVersion: 'v1', kind: 'Service', metadata: { name: 'a' }, spec: { ports: [{ port: 80 }] } },
  ],
] as const)
  test(`all ${what} are removed with their namespace`, () =>
    withWholeCluster(async (cluster) => {
      const ns = await makeNamespace(cluster, 'n')
      await cluster.api.create(`${ns}/${path}`, body)
      await cluster.api.delete(ns)
      await until(
        cluster,
        () => isThere(cluster, ns),
        (is) => !is,
      )
      await makeNamespace(cluster, 'n')
      assert.deepEqual(await items(cluster, `${ns}/${path}`), [])
    }))

test('a namespace that goes tells what holds it back', () =>
  withWholeCluster(async (cluster) => {
    const { api } = cluster
    const ns = await makeNamespace(cluster, 'n')
    await api.create(`${ns}/configmaps`, configMap('a', {}, { finalizers: ['example.com/hold'] }))
    await api.delete(ns)
    const { status } = await until(
      cluster,
      () => api.get(ns),
      (seen) => listOf(seen['status']?.['conditions']).length === 5,
    )
    assert.deepEqual(
      listOf(status?.['conditions'])
        .filter((condition) => textOf(condition['status']) === 'True')
        .map(({ type, message }) => `${textOf(type)}: ${textOf(message)}`),
      [
        'NamespaceContentRemaining: Some resources are remaining: configmaps. has 1 resource instances',
        'NamespaceFinalizersRemaining: Some content in the namespace has finalizers remaining: example.com/hold in 1 resource instances',
      ],
    )
    await api.patch(`${ns}/configmaps/a`, { metadata: { finalizers: null } })
    await until(
      cluster,
      () => isThere(cluster, ns),
      (is) => !is,
    )
  }))

test('a namespace is patched and updated, its finalizers and status too', () =>
  withWholeCluster(async (cluster) => {
    const { api } = cluster
    const ns = await makeNamespace(cluster, 'n')
    const labelled = await api.patch(ns, { metadata: { labels: { e2e: 'patched' } } })
    assert.equal(labelled['metadata']?.['labels']?.['e2e'], 'patched')
    const condition = { type: 'StatusPatch', status: 'True', reason: 'E2E', message: 'by e2e' }
    const patched = await api.patch(`${ns}/status`, { status: { conditions: [condition] } })
    assert.equal(patched['status']?.['phase'], 'Active')
    assert.equal(listOf(patched['status']?.['conditions'])[0]?.['type'], 'StatusPatch')
    const current = await api.get(ns)
    const finalizers = ['kubernetes', 'e2e.example.com/fake']
    const held = { ...current, spec: { finalizers } }
    const put = await api.update(`${ns}/finalize`, held)
    assert.deepEqual(put['spec']?.['finalizers'], finalizers)
    const freed = await api.update(`${ns}/finalize`, {
      ...put,
      spec: { finalizers: ['kubernetes'] },
    })
    assert.deepEqual(freed['spec']?.['finalizers'], ['kubernetes'])
  }))
