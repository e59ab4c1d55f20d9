import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ServiceSpec } from '#kinds/k8s/core.ts'
import { testCluster } from '../test-cluster.ts'

const SERVICES = '/api/v1/namespaces/default/services'

const service = (name: string, spec: Partial<ServiceSpec> = {}) => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name },
  spec: { ports: [{ port: 80 }], ...spec },
})

async function bench() {
  const { api } = await testCluster()
  const specOf = ({ spec }: { spec?: unknown }) => spec as ServiceSpec
  return {
    create: async (name: string, spec: Partial<ServiceSpec> = {}) =>
      specOf(await api.create(SERVICES, service(name, spec))),
    update: async (name: string, spec: Partial<ServiceSpec>) =>
      specOf(await api.update(`${SERVICES}/${name}`, service(name, spec))),
    delete: (name: string) => api.delete(`${SERVICES}/${name}`),
  }
}

const DNS = [
  { name: 'udp', port: 53, protocol: 'UDP' as const },
  { name: 'tcp', port: 53 },
  { name: 'metrics', port: 9153 },
]

test('a node port is of one service, and shared by the protocols of one port', async () => {
  const { create } = await bench()
  const { ports } = await create('a', { type: 'NodePort', ports: DNS })
  const [udp, tcp, metrics] = ports!.map(({ nodePort }) => nodePort!)
  assert.equal(udp, tcp)
  assert.notEqual(udp, metrics)
  // The lowest are left to those who ask for one.
  assert.ok(ports!.every(({ nodePort }) => nodePort! >= 30_086 && nodePort! <= 32_767))
  const taken = [{ port: 1, protocol: 'UDP' as const, nodePort: metrics! }]
  await assert.rejects(create('b', { type: 'NodePort', ports: taken }), {
    message: `Service "b" is invalid: spec.ports[0].nodePort: Invalid value: ${metrics}: provided port is already allocated`,
  })
})

test('a node port outside the range is refused', async () => {
  const { create } = await bench()
  await assert.rejects(create('a', { type: 'NodePort', ports: [{ port: 80, nodePort: 80 }] }), {
    message:
      'Service "a" is invalid: spec.ports[0].nodePort: Invalid value: 80: provided port is not in the valid range. The range of valid ports is 30000-32767',
  })
})

test('a node port of a service inside the cluster is refused, not dropped', async () => {
  const { create } = await bench()
  await assert.rejects(create('a', { ports: [{ port: 80, nodePort: 30_100 }] }), {
    message:
      'Service "a" is invalid: spec.ports[0].nodePort: Forbidden: may not be used when `type` is \'ClusterIP\'',
  })
})

test('a node port goes back with the type that had it', async () => {
  const { create, update } = await bench()
  const ports = [{ port: 80, nodePort: 30_100 }]
  await create('a', { type: 'NodePort', ports })
  await assert.rejects(create('b', { type: 'NodePort', ports }))
  const { ports: now } = await update('a', { type: 'ClusterIP', ports })
  assert.equal(now![0]!.nodePort, undefined)
  await create('b', { type: 'NodePort', ports })
})

test('a load balancer that wants none gets no node ports but those it names', async () => {
  const { create } = await bench()
  const ports = [
    { name: 'a', port: 80 },
    { name: 'b', port: 81, nodePort: 30_200 },
  ]
  const spec = await create('a', {
    type: 'LoadBalancer',
    allocateLoadBalancerNodePorts: false,
    ports,
  })
  assert.deepEqual(
    spec.ports!.map(({ nodePort }) => nodePort),
    [undefined, 30_200],
  )
})

test('a load balancer of local traffic has a port to be asked at, which nobody else gets', async () => {
  const { create, update } = await bench()
  const local = { type: 'LoadBalancer', externalTrafficPolicy: 'Local' } as const
  const { healthCheckNodePort: port } = await create('a', local)
  assert.ok(port !== undefined && port >= 30_000)
  assert.equal((await update('a', local)).healthCheckNodePort, port)
  const wanted = [{ port: 80, nodePort: port }]
  await assert.rejects(create('b', { type: 'NodePort', ports: wanted }), /already allocated/)
  const cluster = await update('a', { type: 'LoadBalancer', externalTrafficPolicy: 'Cluster' })
  assert.equal(cluster.healthCheckNodePort, undefined)
  await create('b', { type: 'NodePort', ports: wanted })
})

test('families are those of the cluster, also of a headless service', async () => {
  const { create } = await bench()
  const familiesOf = ({ ipFamilies, ipFamilyPolicy }: ServiceSpec) => [ipFamilies, ipFamilyPolicy]
  assert.deepEqual(familiesOf(await create('a')), [['IPv4'], 'SingleStack'])
  const headless = await create('b', { clusterIP: 'None', selector: { app: 'x' } })
  assert.deepEqual(familiesOf(headless), [['IPv4'], 'SingleStack'])
  const manual = await create('c', { clusterIP: 'None' })
  assert.deepEqual(familiesOf(manual), [['IPv4', 'IPv6'], 'RequireDualStack'])
  const external = await create('d', { type: 'ExternalName', externalName: 'example.com' })
  assert.deepEqual(familiesOf(external), [undefined, undefined])
  await assert.rejects(create('e', { ipFamilyPolicy: 'RequireDualStack', ipFamilies: ['IPv6'] }), {
    message:
      'Service "e" is invalid: [spec.ipFamilyPolicy: Invalid value: "RequireDualStack": this cluster is not configured for dual-stack services, spec.ipFamilies[0]: Invalid value: "IPv6": not configured on this cluster]',
  })
})

test('an address goes and comes with the type of a service', async () => {
  const { create, update } = await bench()
  const { clusterIP } = await create('a')
  assert.ok(clusterIP)
  const external = await update('a', { type: 'ExternalName', externalName: 'example.com' })
  assert.deepEqual([external.clusterIP, external.ipFamilies], [undefined, undefined])
  assert.ok((await update('a', {})).clusterIP)
  await assert.rejects(update('a', { clusterIP: '192.0.2.1' }), {
    message:
      'Service "a" is invalid: spec.clusterIPs[0]: Invalid value: ["192.0.2.1"]: may not change once set',
  })
})
