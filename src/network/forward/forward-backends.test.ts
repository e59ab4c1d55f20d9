import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Endpoint, EndpointPort, EndpointSlice } from '#kinds/k8s/discovery.ts'
import { forwardBackends } from './forward-backends.ts'

const slice = (endpoints: Endpoint[], ports: EndpointPort[] = [{ port: 8080 }]): EndpointSlice => ({
  apiVersion: 'discovery.k8s.io/v1',
  kind: 'EndpointSlice',
  metadata: { name: 'web-1', namespace: 'default' },
  addressType: 'IPv4',
  ports,
  endpoints,
})

const at = (address: string, ready: boolean, leaving?: { serving: boolean }): Endpoint => ({
  addresses: [address],
  conditions: { ready, ...(leaving ? { ...leaving, terminating: true } : { serving: ready }) },
})

const taking = (...args: Parameters<typeof forwardBackends>) =>
  Object.fromEntries(
    forwardBackends(...args).map((one) => [`${one.address}:${one.port}`, one.takesNew]),
  )

test('forwardBackends knows all backends and which of them take connections', () => {
  const slices = [
    slice([at('10.64.64.2', true), at('10.64.64.3', false)]),
    slice([at('10.64.64.4', false, { serving: true })]),
  ]
  assert.deepEqual(taking(slices, ''), {
    '10.64.64.2:8080': true,
    '10.64.64.3:8080': false,
    '10.64.64.4:8080': false,
  })
})

test('forwardBackends takes those that still serve while they leave when no other is ready', () => {
  const slices = [
    slice([at('10.64.64.3', false), at('10.64.64.4', false, { serving: true })]),
    slice([at('10.64.64.5', false, { serving: false })]),
  ]
  assert.deepEqual(taking(slices, ''), {
    '10.64.64.3:8080': false,
    '10.64.64.4:8080': true,
    '10.64.64.5:8080': false,
  })
})

test('forwardBackends finds the port by its name, which may differ between slices', () => {
  const named = (port: number) => [
    { name: 'web', port },
    { name: 'dns', port: 53, protocol: 'UDP' as const },
  ]
  const slices = [
    slice([at('10.64.64.2', true)], named(8080)),
    slice([at('10.64.64.3', true)], named(9090)),
  ]
  assert.deepEqual(taking(slices, 'web'), { '10.64.64.2:8080': true, '10.64.64.3:9090': true })
  assert.deepEqual(taking(slices, 'dns'), {})
  assert.deepEqual(taking(slices, ''), {})
})
