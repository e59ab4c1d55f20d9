// What the conformance tests "[sig-apps] ReplicationController" ask, but for what a container serves.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { listOf, pod, textOf } from '#apiserver/test-cluster.ts'
import { makeNamespace, until, withWholeCluster, type WholeCluster } from './whole-cluster.ts'

const controller = (name: string, replicas: number) => ({
  apiVersion: 'v1',
  kind: 'ReplicationController',
  metadata: { name, labels: { name } },
  spec: {
    replicas,
    selector: { name },
    template: {
      metadata: { labels: { name } },
      spec: { containers: [{ name: 'main', image: 'busybox' }] },
    },
  },
})

const waitForStatus = (
  cluster: WholeCluster,
  path: string,
  holds: (status: Record<string, unknown>) => boolean,
) =>
  until(
    cluster,
    async () => (await cluster.api.get(path))['status'] as unknown as Record<string, unknown>,
    holds,
  )

const ownerOf = async ({ api }: WholeCluster, path: string) =>
  listOf((await api.get(path))['metadata']?.['ownerReferences']).find((one) => one['controller'])?.[
    'name'
  ]

test('a replication controller adopts a pod that matches, and releases it when it stops', () =>
  withWholeCluster(async (cluster) => {
    const { api } = cluster
    const ns = await makeNamespace(cluster, 'n')
    await api.create(`${ns}/pods`, pod('stray', {}, { labels: { name: 'r' } }))
    await api.create(`${ns}/replicationcontrollers`, controller('r', 1))
    const owner = () => ownerOf(cluster, `${ns}/pods/stray`)
    await until(cluster, owner, (name) => textOf(name) === 'r')
    await api.patch(`${ns}/pods/stray`, { metadata: { labels: { name: 'other' } } })
    await until(cluster, owner, (name) => name === undefined)
    const count = async () => listOf((await api.get(`${ns}/pods`))['items']).length
    assert.equal(await until(cluster, count, (seen) => seen === 2), 2)
  }))

test('a replication controller says that its quota is full, until it wants no more than that', () =>
  withWholeCluster(async (cluster) => {
    const { api } = cluster
    const ns = await makeNamespace(cluster, 'n')
    await api.create(`${ns}/resourcequotas`, {
      apiVersion: 'v1',
      kind: 'ResourceQuota',
      metadata: { name: 'condition-test' },
      spec: { hard: { pods: '2' } },
    })
    await cluster.pass()
    const path = `${ns}/replicationcontrollers/r`
    await api.create(`${ns}/replicationcontrollers`, controller('r', 3))
    const failed = await waitForStatus(cluster, path, ({ conditions }) => Array.isArray(conditions))
    const [condition] = failed['conditions'] as Record<string, string>[]
    assert.equal(condition?.['type'], 'ReplicaFailure')
    assert.match(
      condition['message'] ?? '',
      /is forbidden: exceeded quota: condition-test, requested: pods=1, used: pods=2, limited: pods=2/,
    )
    await api.patch(`${path}/scale`, { spec: { replicas: 2 } })
    await waitForStatus(cluster, path, ({ conditions }) => conditions === undefined)
  }))

test('the scale of a replication controller is read and set', () =>
  withWholeCluster(async (cluster) => {
    const { api } = cluster
    const ns = await makeNamespace(cluster, 'n')
    const path = `${ns}/replicationcontrollers/r`
    await api.create(`${ns}/replicationcontrollers`, controller('r', 1))
    await waitForStatus(cluster, path, ({ readyReplicas }) => readyReplicas === 1)
    const scale = await api.get(`${path}/scale`)
    assert.deepEqual([scale['spec']?.['replicas'], scale['status']?.['replicas']], [1, 1])
    await api.update(`${path}/scale`, { ...scale, spec: { replicas: 2 } })
    await waitForStatus(cluster, path, ({ availableReplicas }) => availableReplicas === 2)
  }))

test('a replication controller is patched, its status too, and deleted with its like', () =>
  withWholeCluster(async (cluster) => {
    const { api } = cluster
    const ns = await makeNamespace(cluster, 'n')
    const path = `${ns}/replicationcontrollers/r`
    await api.create(`${ns}/replicationcontrollers`, controller('r', 1))
    await waitForStatus(cluster, path, ({ readyReplicas }) => readyReplicas === 1)
    await api.patch(path, { metadata: { labels: { e2e: 'patched' } }, spec: { replicas: 2 } })
    await waitForStatus(cluster, path, ({ replicas }) => replicas === 2)
    const patched = await api.patch(`${path}/status`, { status: { readyReplicas: 0 } })
    assert.equal(patched['status']?.['readyReplicas'], 0)
    await waitForStatus(cluster, path, ({ readyReplicas }) => readyReplicas === 2)
    // Its pods would stay: that is what Kubernetes does of itself with those of a replication controller.
    const background = 'propagationPolicy=Background'
    await api.delete(`${ns}/replicationcontrollers?labelSelector=e2e%3Dpatched&${background}`)
    const left = async () => listOf((await api.get(`${ns}/pods`))['items']).length
    await until(cluster, left, (count) => count === 0)
  }))
