import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Endpoints, Service } from '#kinds/k8s/core.ts'
import { endpoints, endpointSlices, services } from '#kinds/refs.ts'
import { controllerBench } from './controller-bench.ts'
import { createEndpointSliceMirroring } from './endpoint-slice-mirroring.ts'

const metadata = { name: 'outside', namespace: 'n' }
const service = (selector?: Record<string, string>): Service => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata,
  spec: { ports: [{ port: 80 }], ...(selector ? { selector } : {}) },
})
const written = (ips: string[], more: object = {}): Endpoints => ({
  apiVersion: 'v1',
  kind: 'Endpoints',
  metadata: { ...metadata, uid: 'u', ...more },
  subsets: [
    {
      addresses: ips.map((ip) => ({ ip })),
      ports: [{ name: 'http', port: 8080, protocol: 'TCP' }],
    },
  ],
})

test('endpoints made by hand are shown, kept up to date, and taken away as slices', async () => {
  const { api, settle, stop } = controllerBench(createEndpointSliceMirroring)
  api.put(services, service())
  api.put(endpoints, written(['10.1.2.3', 'fd00::1']))
  await settle()
  const slices = api.list(endpointSlices)
  assert.deepEqual(slices.map(({ addressType }) => addressType).toSorted(), ['IPv4', 'IPv6'])
  const four = slices.find(({ addressType }) => addressType === 'IPv4')!
  assert.deepEqual(four.endpoints, [{ addresses: ['10.1.2.3'], conditions: { ready: true } }])
  assert.deepEqual(four.ports, [{ name: 'http', port: 8080, protocol: 'TCP' }])
  assert.equal(four.metadata.labels?.['kubernetes.io/service-name'], 'outside')
  api.put(endpoints, written(['10.1.2.4']))
  await settle()
  const [only, ...others] = api.list(endpointSlices)
  assert.equal(others.length, 0)
  assert.equal(only?.metadata.name, four.metadata.name)
  assert.deepEqual(only?.endpoints?.[0]?.addresses, ['10.1.2.4'])
  api.remove(endpoints, metadata)
  await settle()
  assert.deepEqual(api.list(endpointSlices), [])
  await stop()
})

test('endpoints of services that select pods, and those that say so, are not shown', async () => {
  const { api, settle, stop } = controllerBench(createEndpointSliceMirroring)
  api.put(services, service({ app: 'x' }))
  api.put(endpoints, written(['10.1.2.3']))
  await settle()
  assert.deepEqual(api.list(endpointSlices), [])
  api.put(services, service())
  const labels = { 'endpointslice.kubernetes.io/skip-mirror': 'true' }
  api.put(endpoints, written(['10.1.2.3'], { labels }))
  await settle()
  assert.deepEqual(api.list(endpointSlices), [])
  await stop()
})
