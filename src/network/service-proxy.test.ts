import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fakeClock } from '#base/fake-clock.ts'
import { silentLogger } from '#base/log.ts'
import { seededRandom } from '#base/random.ts'
import { createClient } from '#client/create-client.ts'
import { fakeApi } from '#client/fake-api.ts'
import { createInformerFactory } from '#client/informer-factory.ts'
import type { Pod, Service } from '#kinds/k8s/core.ts'
import type { EndpointSlice } from '#kinds/k8s/discovery.ts'
import { endpointSlices, pods, services } from '#kinds/refs.ts'
import { ServiceProxy } from './service-proxy.ts'

type Protocol = 'TCP' | 'UDP'

const service = (protocol: Protocol = 'TCP'): Service => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'web', namespace: 'default' },
  spec: { clusterIP: '10.64.128.7', ports: [{ port: 80, protocol }] },
})

const slice = (addresses: string[], protocol: Protocol = 'TCP'): EndpointSlice => ({
  apiVersion: 'discovery.k8s.io/v1',
  kind: 'EndpointSlice',
  metadata: {
    name: 'web-1',
    namespace: 'default',
    labels: { 'kubernetes.io/service-name': 'web' },
  },
  addressType: 'IPv4',
  ports: [{ name: '', port: 8080, protocol }],
  endpoints: addresses.map((address) => ({ addresses: [address], conditions: { ready: true } })),
})

async function startedProxy(objects: (Service | EndpointSlice)[]) {
  const clock = fakeClock()
  const api = fakeApi({ clock, objects })
  const shared = { clock, random: seededRandom(1), log: silentLogger }
  const informers = createInformerFactory({ client: createClient(api.call), ...shared })
  const applied: string[] = []
  const forgotten: string[][] = []
  /** Errors of the next calls of apply and forgetUdp. */
  const failures = { apply: [] as Error[], forgetUdp: [] as Error[] }
  const nft = {
    async apply(ruleset: string) {
      const error = failures.apply.shift()
      if (error) throw error
      applied.push(ruleset)
    },
    async close() {},
  }
  const proxy = new ServiceProxy({
    table: 'test',
    informers,
    nft,
    place: { node: 'a' },
    answers: 'all',
    async forgetUdp(backends) {
      const error = failures.forgetUdp.shift()
      if (error) throw error
      forgotten.push(backends.map(({ address, port }) => `${address}:${port}`))
    },
    ...shared,
  })
  informers.start()
  await proxy.start()
  await clock.advance(1)
  return { api, clock, proxy, informers, applied, forgotten, failures }
}

test('ServiceProxy programs the whole state once both caches are complete', async () => {
  const { applied } = await startedProxy([service(), slice(['10.64.64.2'])])
  assert.equal(applied.length, 1)
  assert.match(applied[0]!, /dnat to 10\.64\.64\.2:8080/)
})

test('ServiceProxy does not program an equal state again', async () => {
  const { api, clock, applied } = await startedProxy([service(), slice(['10.64.64.2'])])
  const labelled = service()
  labelled.metadata.labels = { of: 'no concern' }
  api.put(services, labelled)
  await clock.advance(1_000)
  assert.equal(applied.length, 1)
  api.put(endpointSlices, slice(['10.64.64.3']))
  await clock.advance(1_000)
  assert.equal(applied.length, 2)
  assert.match(applied[1]!, /dnat to 10\.64\.64\.3:8080/)
  // No more than what changed: other services' rules stay, and so does what packets filled in.
  assert.doesNotMatch(applied[1]!, /delete table/)
})

test('ServiceProxy tries again after nft refused, even back at the state before', async () => {
  const { api, clock, applied, failures } = await startedProxy([service(), slice(['10.64.64.2'])])
  failures.apply.push(new Error('nft is gone'))
  api.put(endpointSlices, slice(['10.64.64.3']))
  await clock.advance(0)
  assert.deepEqual([applied.length, failures.apply.length], [1, 0])
  // What nft did before it went is unknown: the same rules as before must be written anew.
  api.put(endpointSlices, slice(['10.64.64.2']))
  await clock.advance(10_000)
  assert.equal(applied.length, 2)
  assert.equal(applied[1], applied[0])
})

test('ServiceProxy forgets connections to UDP backends that went, and to those alone', async () => {
  const { api, clock, forgotten } = await startedProxy([
    service('UDP'),
    slice(['10.64.64.2', '10.64.64.3'], 'UDP'),
  ])
  assert.deepEqual(forgotten, [])
  api.put(endpointSlices, slice(['10.64.64.3', '10.64.64.4'], 'UDP'))
  await clock.advance(1)
  assert.deepEqual(forgotten, [['10.64.64.2:8080']])
})

test('ServiceProxy leaves connections to TCP backends to their ends', async () => {
  const { api, clock, forgotten, applied } = await startedProxy([service(), slice(['10.64.64.2'])])
  api.put(endpointSlices, slice([]))
  await clock.advance(1)
  assert.equal(applied.length, 2)
  assert.deepEqual(forgotten, [])
})

test('ServiceProxy tries again to forget, though the rules are in place', async () => {
  const { api, clock, forgotten, applied, failures } = await startedProxy([
    service('UDP'),
    slice(['10.64.64.2'], 'UDP'),
  ])
  failures.forgetUdp.push(new Error('conntrack is gone'))
  api.put(endpointSlices, slice([], 'UDP'))
  await clock.advance(10_000)
  assert.deepEqual(forgotten, [['10.64.64.2:8080']])
  assert.equal(applied.length, 2)
})

test('ServiceProxy.remove takes its table away', async () => {
  const { proxy, applied } = await startedProxy([service(), slice(['10.64.64.2'])])
  await proxy.remove()
  assert.equal(applied.at(-1), 'table ip test\ndelete table ip test\n')
})

test('ServiceProxy leads host ports to the pods of its machine, while they last', async () => {
  const { api, clock, applied } = await startedProxy([])
  const pod = (name: string, nodeName: string, phase: string): Pod => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'default' },
    spec: {
      nodeName,
      containers: [{ name: 'main', image: 'x', ports: [{ containerPort: 80, hostPort: 8080 }] }],
    },
    status: { phase, podIP: '10.64.64.9' } as Pod['status'],
  })
  api.put(pods, pod('other', 'b', 'Running'))
  await clock.advance(1)
  assert.equal(applied.length, 1)
  api.put(pods, pod('mine', 'a', 'Running'))
  await clock.advance(1)
  assert.match(applied[1]!, /dnat to 10\.64\.64\.9:80\n/)
  assert.match(applied[1]!, /add element ip test node-ports \{ tcp \. 8080 : goto/)
  api.put(pods, pod('mine', 'a', 'Succeeded'))
  await clock.advance(1)
  assert.match(applied[2]!, /delete element ip test node-ports/)
})
