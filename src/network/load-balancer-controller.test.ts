import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { type TestContext, test } from 'node:test'
import { fakeClock } from '#base/fake-clock.ts'
import { silentLogger } from '#base/log.ts'
import { seededRandom } from '#base/random.ts'
import { createClient } from '#client/create-client.ts'
import { type FakeApi, fakeApi } from '#client/fake-api.ts'
import { createInformerFactory } from '#client/informer-factory.ts'
import type { Service, ServicePort } from '#kinds/k8s/core.ts'
import { services } from '#kinds/refs.ts'
import { AddressBook } from './address-book.ts'
import { HOST_PORTS_ANNOTATION, LoadBalancerController } from './load-balancer-controller.ts'

const balancer = (name: string, ports: ServicePort[] = [{ port: 8080 }]): Service => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name, namespace: 'default' },
  spec: { type: 'LoadBalancer', clusterIP: '10.64.128.7', ports },
})

/** A computer whose addresses and book outlast the controllers that run on it. */
function computer(t: TestContext, objects: Service[] = []) {
  const directory = mkdtempSync(path.join(tmpdir(), 'ccs-balancer-'))
  t.after(() => rmSync(directory, { recursive: true }))
  const file = path.join(directory, 'book.json')
  const clock = fakeClock()
  const api = fakeApi({ clock, objects })
  const addresses = new Set<string>()
  const takenPorts = new Set<number>()

  async function start() {
    const client = createClient(api.call)
    const shared = { client, clock, random: seededRandom(1), log: silentLogger }
    const informers = createInformerFactory(shared)
    const controller = new LoadBalancerController({
      cluster: 'local',
      informers,
      book: new AddressBook(file, '10.127.3.0/24'),
      addAddress: async (address) => void addresses.add(address),
      removeAddress: async (address) => void addresses.delete(address),
      isPortFree: async (port) => !takenPorts.has(port),
      ...shared,
    })
    informers.start()
    await controller.start()
    await clock.advance(100)
    return {
      async stop() {
        await controller.stop()
        await informers.stop()
      },
    }
  }
  return { api, clock, addresses, takenPorts, start }
}

const read = (api: FakeApi, name: string) => {
  const service = api.get(services, { namespace: 'default', name })
  const annotation = service?.metadata.annotations?.[HOST_PORTS_ANNOTATION]
  return {
    address: service?.status?.loadBalancer?.ingress?.[0]?.ip,
    hostPorts:
      annotation === undefined ? undefined : (JSON.parse(annotation) as Record<string, number>),
  }
}

test('LoadBalancerController gives each load balancer an address of its own', async (t) => {
  const { api, addresses, start } = computer(t, [balancer('a'), balancer('b')])
  await start()
  const given = new Set([read(api, 'a').address, read(api, 'b').address])
  assert.deepEqual(given, new Set(['10.127.3.1', '10.127.3.2']))
  assert.deepEqual(addresses, given)
})

test('LoadBalancerController leaves services of other types alone', async (t) => {
  const plain = balancer('a')
  plain.spec.type = 'ClusterIP'
  const { api, addresses, start } = computer(t, [plain])
  await start()
  assert.deepEqual(read(api, 'a'), { address: undefined, hostPorts: undefined })
  assert.equal(addresses.size, 0)
})

test("LoadBalancerController gives a service its own port where that is free and no program's of the host", async (t) => {
  const ports: ServicePort[] = [{ port: 8080 }, { port: 8081 }, { port: 443 }]
  const { api, takenPorts, start } = computer(t, [balancer('a', ports)])
  takenPorts.add(8081).add(20_000)
  await start()
  assert.deepEqual(read(api, 'a').hostPorts, {
    '8080/TCP': 8080,
    '8081/TCP': 20_001,
    '443/TCP': 20_002,
  })
})

test('LoadBalancerController gives a port of 127.0.0.1 to UDP too', async (t) => {
  const ports: ServicePort[] = [{ port: 5353, protocol: 'UDP' }]
  const { api, start } = computer(t, [balancer('a', ports)])
  await start()
  assert.deepEqual(read(api, 'a'), { address: '10.127.3.1', hostPorts: { '5353/UDP': 5353 } })
})

test('LoadBalancerController never gives one port to two services', async (t) => {
  const { api, start } = computer(t, [balancer('a'), balancer('b')])
  await start()
  const given = ['a', 'b'].map((name) => read(api, name).hostPorts?.['8080/TCP'])
  assert.deepEqual(new Set(given), new Set([8080, 20_000]))
})

test('LoadBalancerController takes back all of a service that is deleted', async (t) => {
  const { api, clock, addresses, start } = computer(t, [balancer('a')])
  await start()
  api.remove(services, { namespace: 'default', name: 'a' })
  await clock.advance(100)
  assert.equal(addresses.size, 0)
  api.put(services, balancer('b'))
  await clock.advance(100)
  assert.deepEqual(read(api, 'b'), { address: '10.127.3.1', hostPorts: { '8080/TCP': 8080 } })
})

test('LoadBalancerController takes back all of a service of another type, and says so on it', async (t) => {
  const { api, clock, addresses, start } = computer(t, [balancer('a')])
  await start()
  const { metadata } = balancer('a')
  await createClient(api.call)
    .resource(services)
    .patch(metadata, { spec: { type: 'ClusterIP' } })
  await clock.advance(100)
  assert.deepEqual(read(api, 'a'), { address: undefined, hostPorts: undefined })
  assert.equal(addresses.size, 0)
})

test('LoadBalancerController gives the same again after a restart, the addresses of the host gone', async (t) => {
  const { api, clock, addresses, takenPorts, start } = computer(t, [balancer('a'), balancer('b')])
  const first = await start()
  const before = read(api, 'b')
  await first.stop()
  // Edge still listens on the ports, and a reboot took the addresses.
  takenPorts.add(8080).add(20_000)
  addresses.clear()
  const second = await start()
  assert.deepEqual(read(api, 'b'), before)
  assert.equal(addresses.size, 2)
  await second.stop()
  await clock.advance(100)
})

test('LoadBalancerController takes back what was deleted while it was away', async (t) => {
  const { api, addresses, start } = computer(t, [balancer('a')])
  await (await start()).stop()
  api.remove(services, { namespace: 'default', name: 'a' })
  await start()
  assert.equal(addresses.size, 0)
})

test('LoadBalancerController writes again what others wrote over', async (t) => {
  const { api, clock, start } = computer(t, [balancer('a')])
  await start()
  const { metadata } = balancer('a')
  await createClient(api.call)
    .resource(services)
    .patch(metadata, { metadata: { annotations: { [HOST_PORTS_ANNOTATION]: '{"8080/TCP":22}' } } })
  await clock.advance(100)
  assert.deepEqual(read(api, 'a').hostPorts, { '8080/TCP': 8080 })
})
