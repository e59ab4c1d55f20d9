import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Service } from '#kinds/k8s/core.ts'
import type { Endpoint, EndpointSlice } from '#kinds/k8s/discovery.ts'
import { serviceRoutes } from './service-endpoints.ts'

const service = (spec: Partial<Service['spec']>, ingress?: string): Service => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'web', namespace: 'default' },
  spec: { clusterIP: '10.64.128.7', ports: [{ port: 80, protocol: 'TCP' }], ...spec },
  ...(ingress ? { status: { loadBalancer: { ingress: [{ ip: ingress }] } } } : {}),
})

const slice = (endpoints: Endpoint[]): EndpointSlice => ({
  apiVersion: 'discovery.k8s.io/v1',
  kind: 'EndpointSlice',
  metadata: { name: 'web-1', namespace: 'default' },
  addressType: 'IPv4',
  ports: [{ name: '', port: 8080, protocol: 'TCP' }],
  endpoints,
})

const endpoint = (address: string, conditions: Endpoint['conditions']): Endpoint => ({
  addresses: [address],
  conditions,
  nodeName: 'local-1',
})

const backendsOf = (endpoints: Endpoint[]) =>
  serviceRoutes([service({})], () => [slice(endpoints)])[0]!.backends.map((b) => b.address)

test('serviceRoutes sends to ready endpoints only, in a fixed order', () => {
  assert.deepEqual(
    backendsOf([
      endpoint('10.0.0.2', { ready: true }),
      endpoint('10.0.0.1', { ready: true }),
      endpoint('10.0.0.3', { ready: false }),
    ]),
    ['10.0.0.1', '10.0.0.2'],
  )
})

test('serviceRoutes falls back to endpoints that serve while they terminate', () => {
  const leaving = endpoint('10.0.0.1', { ready: false, serving: true, terminating: true })
  assert.deepEqual(backendsOf([leaving]), ['10.0.0.1'])
  assert.deepEqual(backendsOf([leaving, endpoint('10.0.0.2', { ready: true })]), ['10.0.0.2'])
})

test('serviceRoutes knows the balancer address of load balancers alone', () => {
  const routes = (s: Service) => serviceRoutes([s], () => [])
  assert.deepEqual(routes(service({ type: 'LoadBalancer' }, '10.127.0.1'))[0]?.balancerAddresses, [
    '10.127.0.1',
  ])
  assert.deepEqual(routes(service({ type: 'ClusterIP' }, '10.127.0.1'))[0]?.balancerAddresses, [])
})

test('serviceRoutes has nothing for headless and external services', () => {
  assert.deepEqual(
    serviceRoutes([service({ clusterIP: 'None' })], () => []),
    [],
  )
  assert.deepEqual(
    serviceRoutes([service({ type: 'ExternalName' })], () => []),
    [],
  )
})

test('serviceRoutes passes nothing on that is no address, whoever wrote it', () => {
  const text = '10.0.0.1 . tcp . 80 : accept }'
  assert.deepEqual(backendsOf([endpoint(text, { ready: true })]), [])
  const routes = serviceRoutes([service({ type: 'LoadBalancer' }, text)], () => [])
  assert.deepEqual(routes[0]?.balancerAddresses, [])
})
