import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Pod, Service } from '#kinds/k8s/core.ts'
import type { EndpointSlice } from '#kinds/k8s/discovery.ts'
import { endpointSlices, endpoints, nodes, pods, services } from '#kinds/refs.ts'
import { combined } from './combined.ts'
import { controllerBench } from './controller-bench.ts'
import { createEndpointSliceController } from './endpoint-slice.ts'
import { createEndpointsController } from './endpoints.ts'

const service = (spec: Partial<Service['spec']> = {}): Service => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'web', namespace: 'default', labels: { team: 'a' } },
  spec: {
    selector: { app: 'web' },
    ports: [{ name: 'http', port: 80, targetPort: 'http', protocol: 'TCP' }],
    ...spec,
  },
})

interface PodShape {
  ready?: boolean
  port?: number
  deleting?: boolean
}

function pod(i: number, { ready = true, port = 8080, deleting = false }: PodShape = {}): Pod {
  const status = ready ? 'True' : 'False'
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: `p${String(i).padStart(3, '0')}`,
      namespace: 'default',
      uid: `uid-${i}`,
      labels: { app: 'web' },
      ...(deleting ? { deletionTimestamp: '2026-01-01T00:00:00Z' } : {}),
    },
    spec: {
      nodeName: 'n1',
      containers: [{ name: 'main', image: 'x', ports: [{ name: 'http', containerPort: port }] }],
    },
    status: { phase: 'Running', podIP: `10.0.0.${i}`, conditions: [{ type: 'Ready', status }] },
  }
}

function bench() {
  const made = controllerBench((context) =>
    combined([createEndpointSliceController(context), createEndpointsController(context)]),
  )
  made.api.put(nodes, {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name: 'n1', labels: { 'topology.kubernetes.io/zone': 'z1' } },
    spec: {},
  })
  return made
}

const stateOf = (slices: readonly EndpointSlice[]) =>
  slices.flatMap(({ endpoints: list = [], ports = [] }) =>
    list.map(({ addresses, conditions }) => ({
      address: `${addresses[0]}:${ports[0]?.port}`,
      ...conditions,
    })),
  )

test('EndpointSlice controller lists ready, unready and ending pods with node, zone and target', async () => {
  const { api, settle, stop } = bench()
  api.put(services, service())
  api.put(pods, pod(1))
  api.put(pods, pod(2, { ready: false }))
  api.put(pods, pod(3, { deleting: true }))
  await settle()
  const slices = api.list(endpointSlices)
  assert.equal(slices.length, 1)
  assert.deepEqual(slices[0]!.metadata.labels, {
    team: 'a',
    'kubernetes.io/service-name': 'web',
    'endpointslice.kubernetes.io/managed-by': 'endpointslice-controller.k8s.io',
  })
  assert.deepEqual(slices[0]!.ports, [{ name: 'http', port: 8080, protocol: 'TCP' }])
  assert.deepEqual(slices[0]!.endpoints?.[0], {
    addresses: ['10.0.0.1'],
    conditions: { ready: true, serving: true, terminating: false },
    nodeName: 'n1',
    zone: 'z1',
    targetRef: { kind: 'Pod', name: 'p001', namespace: 'default', uid: 'uid-1' },
  })
  assert.deepEqual(stateOf(slices).slice(1), [
    { address: '10.0.0.2:8080', ready: false, serving: false, terminating: false },
    { address: '10.0.0.3:8080', ready: false, serving: true, terminating: true },
  ])
  await stop()
})

test('EndpointSlice controller drops a pod that stops being ready and one that is gone', async () => {
  const { api, settle, stop } = bench()
  api.put(services, service())
  api.put(pods, pod(1))
  api.put(pods, pod(2))
  await settle()
  api.put(pods, { ...pod(1, { ready: false }) })
  api.remove(pods, { namespace: 'default', name: 'p002' })
  await settle()
  assert.deepEqual(
    stateOf(api.list(endpointSlices)).map(({ address, ready }) => `${address} ${ready}`),
    ['10.0.0.1:8080 false'],
  )
  await stop()
})

test('EndpointSlice controller shows unready pods as ready where the Service asks for that', async () => {
  const { api, settle, stop } = bench()
  api.put(services, service({ publishNotReadyAddresses: true }))
  api.put(pods, pod(1, { ready: false }))
  await settle()
  assert.equal(stateOf(api.list(endpointSlices))[0]?.ready, true)
  await stop()
})

test('EndpointSlice controller resolves named ports per pod, a slice for each number', async () => {
  const { api, settle, stop } = bench()
  api.put(services, service())
  api.put(pods, pod(1))
  api.put(pods, pod(2, { port: 9090 }))
  await settle()
  const addresses = stateOf(api.list(endpointSlices)).map(({ address }) => address)
  assert.deepEqual(addresses.toSorted(), ['10.0.0.1:8080', '10.0.0.2:9090'])
  assert.equal(api.list(endpointSlices).length, 2)
  await stop()
})

test('EndpointSlice controller puts at most 100 endpoints into a slice and moves none without need', async () => {
  const { api, settle, stop } = bench()
  api.put(services, service())
  for (let i = 1; i <= 205; i++) api.put(pods, pod(i))
  await settle()
  const sizes = () => api.list(endpointSlices).map(({ endpoints: list = [] }) => list.length)
  assert.deepEqual(
    sizes().toSorted((a, b) => b - a),
    [100, 100, 5],
  )
  const writes = () =>
    api.requests.filter(({ method, path }) => method !== 'GET' && path.includes('endpointslices'))
      .length
  const before = writes()
  api.remove(pods, { namespace: 'default', name: 'p050' })
  await settle()
  assert.equal(
    sizes().reduce((sum, n) => sum + n),
    204,
  )
  assert.equal(writes() - before, 1)
  await stop()
})

test('EndpointSlice controller keeps one empty slice without pods and uses it for the first', async () => {
  const { api, settle, stop } = bench()
  api.put(services, service())
  await settle()
  const [empty] = api.list(endpointSlices)
  assert.deepEqual(empty?.endpoints, [])
  api.put(pods, pod(1))
  await settle()
  const slices = api.list(endpointSlices)
  assert.deepEqual(
    slices.map(({ metadata }) => metadata.name),
    [empty!.metadata.name],
  )
  assert.equal(slices[0]!.endpoints?.length, 1)
  await stop()
})

test('EndpointSlice controller leaves slices of others and Services without selector alone', async () => {
  const { api, settle, stop } = bench()
  const own = service()
  api.put(services, { ...own, spec: { ports: [{ port: 80 }] } })
  await settle()
  assert.deepEqual(api.list(endpointSlices), [])
  await stop()
})

test('EndpointSlice controller makes a slice that somebody deleted again', async () => {
  const { api, settle, stop } = bench()
  api.put(services, service())
  api.put(pods, pod(1))
  await settle()
  const [slice] = api.list(endpointSlices)
  api.remove(endpointSlices, slice!.metadata)
  await settle()
  assert.equal(stateOf(api.list(endpointSlices)).length, 1)
  await stop()
})

test('Endpoints controller mirrors a Service into one object and removes it with the Service', async () => {
  const { api, settle, stop } = bench()
  api.put(services, service())
  api.put(pods, pod(1))
  api.put(pods, pod(2, { ready: false }))
  api.put(pods, pod(3, { deleting: true }))
  await settle()
  const place = { namespace: 'default', name: 'web' }
  const [subset] = api.get(endpoints, place)!.subsets!
  assert.deepEqual(
    subset?.addresses?.map(({ ip }) => ip),
    ['10.0.0.1'],
  )
  assert.deepEqual(
    subset?.notReadyAddresses?.map(({ ip }) => ip),
    ['10.0.0.2'],
  )
  assert.deepEqual(subset?.ports, [{ name: 'http', port: 8080, protocol: 'TCP' }])
  api.remove(services, place)
  await settle()
  assert.equal(api.get(endpoints, place), undefined)
  await stop()
})

const TRIGGER = 'endpoints.kubernetes.io/last-change-trigger-time'

function readySince(i: number, time: string, ready = true): Pod {
  const made = pod(i, { ready })
  const status = ready ? 'True' : 'False'
  const conditions = [{ type: 'Ready', status, lastTransitionTime: time }]
  return { ...made, status: { ...made.status, conditions } } as Pod
}

test('EndpointSlice and Endpoints controllers say which change a write brings', async () => {
  const { api, settle, stop } = bench()
  const made = service()
  api.put(services, {
    ...made,
    metadata: { ...made.metadata, creationTimestamp: '2026-01-01T00:00:00Z' },
  })
  await settle()
  const times = () => [
    api.list(endpointSlices)[0]?.metadata.annotations?.[TRIGGER],
    api.list(endpoints)[0]?.metadata.annotations?.[TRIGGER],
  ]
  assert.deepEqual(times(), ['2026-01-01T00:00:00Z', '2026-01-01T00:00:00Z'])
  api.put(pods, readySince(1, '2026-01-01T00:00:09Z'))
  api.put(pods, readySince(2, '2026-01-01T00:00:07Z'))
  await settle()
  assert.deepEqual(times(), ['2026-01-01T00:00:07Z', '2026-01-01T00:00:07Z'])
  api.remove(pods, { namespace: 'default', name: 'p001' })
  await settle()
  assert.deepEqual(times(), [undefined, undefined])
  await stop()
})

test('EndpointSlice controller lists the pods of a slice by their names', async () => {
  const { api, settle, stop } = bench()
  api.put(services, service())
  for (const i of [3, 1, 2]) {
    api.put(pods, pod(i))
    await settle()
  }
  const names = api.list(endpointSlices)[0]?.endpoints?.map(({ targetRef }) => targetRef?.name)
  assert.deepEqual(names, ['p001', 'p002', 'p003'])
  await stop()
})

for (const [trafficDistribution, hints] of [
  ['PreferSameZone', { forZones: [{ name: 'z1' }] }],
  ['PreferClose', { forZones: [{ name: 'z1' }] }],
  ['PreferSameNode', { forZones: [{ name: 'z1' }], forNodes: [{ name: 'n1' }] }],
] as const)
  test(`EndpointSlice controller hints at near pods for ${trafficDistribution}`, async () => {
    const { api, settle, stop } = bench()
    api.put(services, service({ trafficDistribution }))
    api.put(pods, pod(1))
    api.put(pods, pod(2, { ready: false }))
    await settle()
    const [slice] = api.list(endpointSlices)
    assert.deepEqual(
      slice?.endpoints?.map((endpoint) => endpoint.hints),
      [hints, undefined],
    )
    await stop()
  })
