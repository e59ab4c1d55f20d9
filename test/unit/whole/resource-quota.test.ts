// What the conformance tests "[sig-api-machinery] ResourceQuota" and "[sig-scheduling] LimitRange" ask.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { deployment, listOf, pod, textOf } from '#apiserver/test-cluster.ts'
import { makeNamespace, until, type WholeCluster, withWholeCluster } from './whole-cluster.ts'

const quota = (hard: Record<string, string>, name = 'q', spec: object = {}) => ({
  apiVersion: 'v1',
  kind: 'ResourceQuota',
  metadata: { name, labels: { e2e: name } },
  spec: { hard, ...spec },
})

/** Makes a quota and waits until its usage is counted. */
async function counted(cluster: WholeCluster, ns: string, body: ReturnType<typeof quota>) {
  await cluster.api.create(`${ns}/resourcequotas`, body)
  return used(cluster, ns, body.metadata.name, () => true)
}

const used = (
  cluster: WholeCluster,
  ns: string,
  name: string,
  holds: (amounts: Record<string, string>) => boolean,
) =>
  until(
    cluster,
    async () => (await cluster.api.get(`${ns}/resourcequotas/${name}`))['status']?.['used'],
    (seen) => seen !== undefined && holds(seen as unknown as Record<string, string>),
  )

const { spec: workload } = deployment('w')
const lives: [kind: string, path: (ns: string) => string, resource: string, body: object][] = [
  ['ConfigMap', (ns) => `${ns}/configmaps`, 'configmaps', { apiVersion: 'v1', kind: 'ConfigMap' }],
  ['Secret', (ns) => `${ns}/secrets`, 'secrets', { apiVersion: 'v1', kind: 'Secret' }],
  [
    'Service',
    (ns) => `${ns}/services`,
    'services',
    { apiVersion: 'v1', kind: 'Service', spec: { ports: [{ port: 80 }] } },
  ],
  [
    'ReplicationController',
    (ns) => `${ns}/replicationcontrollers`,
    'replicationcontrollers',
    {
      apiVersion: 'v1',
      kind: 'ReplicationController',
      spec: { replicas: 0, template: workload.template },
    },
  ],
  [
    'ReplicaSet',
    (ns) => `${ns.replace('/api/v1', '/apis/apps/v1')}/replicasets`,
    'count/replicasets.apps',
    { apiVersion: 'apps/v1', kind: 'ReplicaSet', spec: { replicas: 0, ...workload } },
  ],
]
for (const [kind, path, resource, body] of lives)
  test(`a quota captures the life of a ${kind}`, () =>
    withWholeCluster(async (cluster) => {
      const ns = await makeNamespace(cluster, 'n')
      const before = await counted(cluster, ns, quota({ [resource]: '2' }))
      const start = Number(before?.[resource])
      await cluster.api.create(path(ns), { ...body, metadata: { name: 'a' } })
      await used(cluster, ns, 'q', (now) => Number(now[resource]) === start + 1)
      await cluster.api.delete(`${path(ns)}/a`)
      await used(cluster, ns, 'q', (now) => Number(now[resource]) === start)
    }))

const withRequests = (name: string, requests: Record<string, string>, spec: object = {}) =>
  pod(name, {
    containers: [
      { name: 'main', image: 'busybox', resources: { requests, limits: limitsOf(requests) } },
    ],
    ...spec,
  })

/** Devices are limited to what is requested of them. */
const limitsOf = (requests: Record<string, string>) =>
  Object.fromEntries(Object.entries(requests).filter(([name]) => name.includes('/')))

test('a quota captures the life of a pod', () =>
  withWholeCluster(
    async (cluster) => {
      const ns = await makeNamespace(cluster, 'n')
      const hard = {
        pods: '5',
        cpu: '1',
        memory: '500Mi',
        'ephemeral-storage': '50Gi',
        'requests.example.com/dongle': '3',
      }
      await counted(cluster, ns, quota(hard))
      const requests = {
        cpu: '500m',
        memory: '252Mi',
        'ephemeral-storage': '30Gi',
        'example.com/dongle': '2',
      }
      await cluster.api.create(`${ns}/pods`, withRequests('p', requests))
      assert.deepEqual(await used(cluster, ns, 'q', ({ pods }) => pods === '1'), {
        pods: '1',
        cpu: '500m',
        memory: '252Mi',
        'ephemeral-storage': '30Gi',
        'requests.example.com/dongle': '2',
      })
      for (const more of [
        { cpu: '600m', memory: '1Mi' },
        { cpu: '1m', memory: '1Mi', 'example.com/dongle': '2' },
      ])
        await assert.rejects(cluster.api.create(`${ns}/pods`, withRequests('r', more)), {
          reason: 'Forbidden',
          message: /exceeded quota: q/,
        })
      const [container] = listOf((await cluster.api.get(`${ns}/pods/p`))['spec']?.['containers'])
      const changed = { ...container, resources: { requests: { cpu: '100m', memory: '100Mi' } } }
      await assert.rejects(
        cluster.api.patch(`${ns}/pods/p`, { spec: { containers: [changed] } }),
        /pod updates may not change fields/,
      )
      await cluster.api.delete(`${ns}/pods/p`, { gracePeriodSeconds: 0 })
      await used(cluster, ns, 'q', ({ pods, cpu }) => pods === '0' && cpu === '0')
    },
    { podsRun: false },
  ))

test('a quota counts pods of its scope only: terminating and best effort', () =>
  withWholeCluster(
    async (cluster) => {
      const ns = await makeNamespace(cluster, 'n')
      for (const scope of ['Terminating', 'NotTerminating', 'BestEffort', 'NotBestEffort'])
        await counted(cluster, ns, quota({ pods: '5' }, scope.toLowerCase(), { scopes: [scope] }))
      const podsOf = async (name: string) =>
        (await cluster.api.get(`${ns}/resourcequotas/${name}`))['status']?.['used']?.['pods']
      const all = () =>
        Promise.all(['terminating', 'notterminating', 'besteffort', 'notbesteffort'].map(podsOf))
      await cluster.api.create(`${ns}/pods`, pod('plain'))
      assert.deepEqual(await all(), ['0', '1', '1', '0'])
      const requests = { cpu: '100m' }
      await cluster.api.create(
        `${ns}/pods`,
        withRequests('ends', requests, { activeDeadlineSeconds: 3600 }),
      )
      assert.deepEqual(await all(), ['1', '1', '1', '1'])
      for (const name of ['plain', 'ends'])
        await cluster.api.delete(`${ns}/pods/${name}`, { gracePeriodSeconds: 0 })
      await until(cluster, all, (seen) => seen.every((amount) => textOf(amount) === '0'))
    },
    { podsRun: false },
  ))

test('a quota is updated, listed, deleted one by one and together', () =>
  withWholeCluster(async (cluster) => {
    const { api } = cluster
    const ns = await makeNamespace(cluster, 'n')
    await counted(cluster, ns, quota({ cpu: '1', memory: '500Mi' }))
    const changed = { spec: { hard: { cpu: '2', memory: '1Gi' } } }
    await api.patch(`${ns}/resourcequotas/q`, changed)
    await until(
      cluster,
      () => api.get(`${ns}/resourcequotas/q`),
      ({ status }) => textOf(status?.['hard']?.['cpu']) === '2',
    )
    const found = await api.get('/api/v1/resourcequotas?labelSelector=e2e%3Dq')
    assert.equal(listOf(found['items']).length, 1)
    await api.delete(`${ns}/resourcequotas?labelSelector=e2e%3Dq`)
    assert.deepEqual(listOf((await api.get(`${ns}/resourcequotas`))['items']), [])
  }))

test('the status of a quota is written by itself, and leaves its spec alone', () =>
  withWholeCluster(async (cluster) => {
    const { api } = cluster
    const ns = await makeNamespace(cluster, 'n')
    await counted(cluster, ns, quota({ cpu: '500m', memory: '500Mi' }))
    const path = `${ns}/resourcequotas/q`
    await api.patch(`${path}/status`, {
      spec: { hard: { cpu: '9' } },
      status: { hard: { cpu: '600m', memory: '600Mi' } },
    })
    const patched = await api.get(path)
    assert.deepEqual(patched['status']?.['hard'], { cpu: '600m', memory: '600Mi' })
    assert.deepEqual(patched['spec']?.['hard'], { cpu: '500m', memory: '500Mi' })
  }))

test('of many pods at once as many are made as the quota allows', () =>
  withWholeCluster(
    async (cluster) => {
      const ns = await makeNamespace(cluster, 'n')
      // Not counted yet: pods that come before the first count are found by the next one.
      await cluster.api.create(`${ns}/resourcequotas`, quota({ pods: '10' }))
      const tries = Array.from({ length: 50 }, (_, i) =>
        cluster.api.create(`${ns}/pods`, pod(`p${i}`)),
      )
      const first = await Promise.allSettled(tries)
      const made = first.filter(({ status }) => status === 'fulfilled').length
      await used(cluster, ns, 'q', ({ pods }) => pods === String(made))
      await assert.rejects(cluster.api.create(`${ns}/pods`, pod('late')), /exceeded quota/)
      for (let i = 0; i < made - 8; i++)
        await cluster.api.delete(`${ns}/pods/p${i}`, { gracePeriodSeconds: 0 })
      await used(cluster, ns, 'q', ({ pods }) => pods === '8')
      const again = await Promise.allSettled(
        Array.from({ length: 50 }, (_, i) => cluster.api.create(`${ns}/pods`, pod(`r${i}`))),
      )
      assert.equal(again.filter(({ status }) => status === 'fulfilled').length, 2)
    },
    { podsRun: false },
  ))

const limitRange = (name: string, max: string) => ({
  apiVersion: 'v1',
  kind: 'LimitRange',
  metadata: { name, labels: { e2e: name } },
  spec: {
    limits: [
      {
        type: 'Container',
        min: { cpu: '50m', memory: '100Mi' },
        max: { cpu: max, memory: '500Mi' },
        default: { cpu: '500m', memory: '500Mi' },
        defaultRequest: { cpu: '100m', memory: '200Mi' },
      },
    ],
  },
})

test('a limit range fills in pods, and holds them to its bounds as they are now', () =>
  withWholeCluster(async (cluster) => {
    const { api } = cluster
    const ns = await makeNamespace(cluster, 'n')
    await api.create(`${ns}/limitranges`, limitRange('l', '500m'))
    const resourcesOf = async (body: object) =>
      listOf((await api.create(`${ns}/pods`, body))['spec']?.['containers'])[0]?.['resources']
    assert.deepEqual(await resourcesOf(pod('none')), {
      requests: { cpu: '100m', memory: '200Mi' },
      limits: { cpu: '500m', memory: '500Mi' },
    })
    const partial = {
      containers: [
        {
          name: 'main',
          image: 'x',
          resources: { limits: { cpu: '300m' }, requests: { memory: '150Mi' } },
        },
      ],
    }
    assert.deepEqual(await resourcesOf(pod('partial', partial)), {
      requests: { cpu: '300m', memory: '150Mi' },
      limits: { cpu: '300m', memory: '500Mi' },
    })
    const large = (name: string) => withRequests(name, { cpu: '600m' })
    await assert.rejects(
      api.create(`${ns}/pods`, large('large')),
      /must be less than or equal to cpu limit of 500m/,
    )
    const tiny = withRequests('tiny', { cpu: '10m' })
    await assert.rejects(api.create(`${ns}/pods`, tiny), /minimum cpu usage per Container is 50m/)
    const lower = limitRange('l', '500m')
    lower.spec.limits[0]!.min.cpu = '9m'
    await api.update(`${ns}/limitranges/l`, lower)
    await api.create(`${ns}/pods`, tiny)
  }))

test('limit ranges of all namespaces are listed, patched, and deleted by their labels', () =>
  withWholeCluster(async (cluster) => {
    const { api } = cluster
    const [a, b] = [await makeNamespace(cluster, 'a'), await makeNamespace(cluster, 'b')]
    for (const ns of [a, b]) await api.create(`${ns}/limitranges`, limitRange('l', '1'))
    const all = async () =>
      listOf((await api.get('/api/v1/limitranges?labelSelector=e2e%3Dl'))['items'])
    assert.equal((await all()).length, 2)
    const patched = await api.patch(`${a}/limitranges/l`, { metadata: { labels: { e2e: 'm' } } })
    assert.deepEqual(patched['metadata']?.['labels'], { e2e: 'm' })
    await api.delete(`${b}/limitranges?labelSelector=e2e%3Dl`)
    assert.equal((await all()).length, 0)
    assert.equal(listOf((await api.get(`${a}/limitranges`))['items']).length, 1)
  }))
