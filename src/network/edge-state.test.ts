import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Service } from '#kinds/k8s/core.ts'
import type { Endpoint, EndpointSlice } from '#kinds/k8s/discovery.ts'
import { edgeCluster, forwardsOf, namedService } from './edge-state.ts'
import { HOST_PORTS_ANNOTATION } from './load-balancer-controller.ts'

const service = (spec: Partial<Service['spec']>, name = 'web'): Service => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name, namespace: 'default' },
  spec: { clusterIP: '10.64.128.7', ports: [{ port: 80 }], ...spec },
})

function balancer(hostPorts: string): Service {
  const made = service({ type: 'LoadBalancer' })
  made.metadata.annotations = { [HOST_PORTS_ANNOTATION]: hostPorts }
  made.status = { loadBalancer: { ingress: [{ ip: '10.127.0.1' }] } }
  return made
}

const slice = (endpoints: Endpoint[], addressType: 'IPv4' | 'IPv6' = 'IPv4'): EndpointSlice => ({
  apiVersion: 'discovery.k8s.io/v1',
  kind: 'EndpointSlice',
  metadata: { name: 'web-1', namespace: 'default' },
  addressType,
  endpoints,
})

test('namedService knows a service by its ClusterIP, whatever its pods are', () => {
  const named = namedService(service({}), [slice([{ addresses: ['10.64.64.2'] }])])
  assert.deepEqual(named.addresses, ['10.64.128.7'])
  assert.deepEqual(named.ports, [{ name: '', protocol: 'TCP', port: 80 }])
})

test('namedService knows a headless service by its ready pods, each once', () => {
  const slices = [
    slice([
      { addresses: ['10.64.64.3'], hostname: 'db-1', conditions: { ready: true } },
      { addresses: ['10.64.64.2'], hostname: 'db-0' },
      { addresses: ['10.64.64.4'], hostname: 'db-2', conditions: { ready: false } },
    ]),
    slice([{ addresses: ['10.64.64.2'], hostname: 'db-0' }]),
    slice([{ addresses: ['fd00::2'], hostname: 'db-0' }], 'IPv6'),
  ]
  const named = namedService(service({ clusterIP: 'None' }), slices)
  assert.deepEqual(named.addresses, ['10.64.64.2', '10.64.64.3'])
  assert.deepEqual(named.hosts, { 'db-0': ['10.64.64.2'], 'db-1': ['10.64.64.3'] })
})

test('namedService knows each pod of a headless service by a name, at its own ports', () => {
  const ports = [{ name: 'http', port: 8080, protocol: 'TCP' as const }]
  const own = { ...slice([{ addresses: ['10.64.64.2'] }]), ports }
  const named = namedService(service({ clusterIP: 'None' }), [own])
  assert.deepEqual(named.hosts, { '10-64-64-2': ['10.64.64.2'] })
  assert.deepEqual(named.hostPorts, [
    { host: '10-64-64-2', name: 'http', protocol: 'TCP', port: 8080 },
  ])
})

test('namedService names pods that are not ready where the service asks for it', () => {
  const notReady = slice([{ addresses: ['10.64.64.2'], conditions: { ready: false } }])
  const headless = service({ clusterIP: 'None', publishNotReadyAddresses: true })
  assert.deepEqual(namedService(headless, [notReady]).addresses, ['10.64.64.2'])
})

test('namedService gives the name behind ExternalName and no address', () => {
  const named = namedService(service({ type: 'ExternalName', externalName: 'example.org' }), [])
  assert.equal(named.externalName, 'example.org')
  assert.deepEqual(named.addresses, [])
})

test('namedService knows the balancer of load balancers alone', () => {
  const made = balancer('{}')
  assert.equal(namedService(made, []).balancer, '10.127.0.1')
  made.spec.type = 'ClusterIP'
  assert.equal(namedService(made, []).balancer, undefined)
})

test('forwardsOf listens on the host ports of the ports a load balancer has', () => {
  assert.deepEqual(forwardsOf(balancer('{"80/TCP":20000,"81/TCP":20001}'), []), [
    { hostPort: 20_000, address: '10.127.0.1', port: 80, backends: [], isSticky: false },
  ])
})

test('forwardsOf has nothing before the load balancer is made, and for other types', () => {
  const pending = balancer('{"80/TCP":20000}')
  delete pending.status
  assert.deepEqual(forwardsOf(pending, []), [])
  const plain = balancer('{"80/TCP":20000}')
  plain.spec.type = 'ClusterIP'
  assert.deepEqual(forwardsOf(plain, []), [])
})

for (const [criterion, annotation] of [
  ['that is no JSON', '{'],
  ['that is no object', '"80"'],
  ['that is null', 'null'],
  ['with a port of the host', '{"80/TCP":22}'],
  ['with no number', '{"80/TCP":"20000"}'],
  ['with a number that is no port', '{"80/TCP":70000.5}'],
] as const)
  test(`forwardsOf takes no notice of an annotation ${criterion}`, () => {
    assert.deepEqual(forwardsOf(balancer(annotation), []), [])
  })

test('edgeCluster is the same for the same services in any order', () => {
  const [a, b] = [service({}, 'a'), service({}, 'b')]
  const made = (services: Service[]) =>
    edgeCluster({ name: 'local', gatewayAddress: '10.64.1.1', services, slicesOf: () => [] })
  assert.deepEqual(made([b, a]), made([a, b]))
  assert.deepEqual(
    made([b, a]).services.map(({ name }) => name),
    ['a', 'b'],
  )
})
