// The rules in a real kernel: where packets to a service's address come out.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { silentLogger } from '#base/log.ts'
import { type NftSession, openNftSession } from '#linux/nft.ts'
import { nsenterArgv } from '#linux/nsenter.ts'
import { run } from '#linux/run.ts'
import { natRemoval, natRules } from '#network/nat-rules.ts'
import type { Protocol, ServicePortRoute } from '#network/service-endpoints.ts'
import { MachineNetwork, POD_PORT, type PodName, pods } from './machine-network.ts'

const service = { address: '10.99.128.7', port: 80 }
const table = 'ccs-services'
const network = new MachineNetwork()
let nft: NftSession

before(async () => {
  await network.open()
  nft = openNftSession({ netnsPath: network.netnsPath('machine'), log: silentLogger })
})

after(async () => {
  await nft?.close()
  await network.close()
})

function route(names: PodName[], over: Partial<ServicePortRoute> = {}): ServicePortRoute {
  return {
    id: `default/web:80/${over.protocol ?? 'TCP'}`,
    service: 'default/web',
    protocol: 'TCP',
    port: service.port,
    clusterAddresses: [service.address],
    balancerAddresses: [],
    backends: names.map((name) => ({ address: pods[name], port: POD_PORT, node: 'machine' })),
    ...over,
  }
}

const program = (...routes: ServicePortRoute[]) =>
  nft.apply(
    natRules({
      table,
      routes,
      addressesOf: ({ clusterAddresses }) => clusterAddresses,
      isLocal: ({ node }) => node === 'machine',
    }),
  )

const countsOf = (answers: string[]) => {
  const counts: Record<string, number> = {}
  for (const answer of answers) {
    const [name = ''] = answer.split(' ')
    counts[name] = (counts[name] ?? 0) + 1
  }
  return counts
}

for (const [protocol, from] of [
  ['tcp', 'outside'],
  ['tcp', 'machine'],
  ['tcp', 'one'],
  ['udp', 'outside'],
  ['udp', 'two'],
] as const)
  test(`natRules sends ${protocol} from ${from} to each backend in turn`, async () => {
    await program(route(['one', 'two'], { protocol: protocol.toUpperCase() as Protocol }))
    const answers = await network.ask(from, protocol, service, { times: 10 })
    assert.deepEqual(countsOf(answers), { one: 5, two: 5 })
  })

test('natRules lets a pod reach itself, from another address than its own', async () => {
  await program(route(['one']))
  for (const answer of await network.ask('one', 'tcp', service, { times: 3 }))
    assert.match(answer, /^one (?!10\.99\.64\.11$)10\.99\./)
})

test('natRules keeps the address of who asks otherwise', async () => {
  await program(route(['one']))
  assert.deepEqual(await network.ask('outside', 'tcp', service), ['one 10.99.1.1'])
  assert.deepEqual(await network.ask('two', 'tcp', service), [`one ${pods.two}`])
})

for (const from of ['outside', 'machine', 'one'] as const)
  test(`natRules refuses at once from ${from} what has no backend`, async () => {
    await program(route([]), route([], { protocol: 'UDP', id: 'default/web:80/UDP' }))
    // Many, because the kernel bounds how many ICMP errors it sends.
    const refused = await network.ask(from, 'tcp', service, { times: 30 })
    assert.deepEqual(countsOf(refused), { ECONNREFUSED: 30 })
    // Over UDP it is an ICMP error, one of which the kernel may drop.
    const asked = await network.ask(from, 'udp', service, { times: 3 })
    assert.ok(asked.includes('ECONNREFUSED'), String(asked))
  })

test('natRules loses no connection while it is replaced again and again', async () => {
  await program(route(['one', 'two']))
  let isAsking = true
  const asked = network
    .ask('outside', 'tcp', service, { times: 400 })
    .finally(() => (isAsking = false))
  let replaced = 0
  for (; isAsking; replaced++) {
    await program(route(replaced % 2 === 0 ? ['one'] : ['one', 'two']))
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
  const counts = countsOf(await asked)
  assert.equal((counts['one'] ?? 0) + (counts['two'] ?? 0), 400, JSON.stringify(counts))
  assert.ok(replaced > 5, `replaced ${replaced} times`)
})

test('natRules with the longest names and a hundred services is taken by nft', async () => {
  const long = `${'n'.repeat(63)}/${'s'.repeat(63)}`
  await program(
    ...Array.from({ length: 100 }, (_, i) =>
      route(i % 3 === 0 ? [] : ['one', 'two'], {
        id: `${long}:${i + 1}/TCP`,
        clusterAddresses: [`10.99.128.${i + 1}`],
      }),
    ),
  )
  assert.deepEqual(countsOf(await network.ask('outside', 'tcp', service, { times: 2 })), {
    ECONNREFUSED: 2,
  })
  const other = { address: '10.99.128.8', port: service.port }
  assert.deepEqual(countsOf(await network.ask('outside', 'tcp', other, { times: 2 })), {
    one: 1,
    two: 1,
  })
})

test('a UDP client stays with a backend that went until its connection is forgotten', async () => {
  const options = { sourcePort: 5_000 }
  await program(route(['one'], { protocol: 'UDP' }))
  assert.deepEqual(countsOf(await network.ask('outside', 'udp', service, options)), { one: 1 })
  await program(route(['two'], { protocol: 'UDP' }))
  assert.deepEqual(countsOf(await network.ask('outside', 'udp', service, options)), { one: 1 })
  const { forgetUdp } = await import('#main/engine/member-cluster.ts')
  const enter = nsenterArgv(network.netnsPath('machine'), [])
  const gone = { address: pods.one, port: POD_PORT, node: 'machine' }
  await forgetUdp([gone], enter)
  assert.deepEqual(countsOf(await network.ask('outside', 'udp', service, options)), { two: 1 })
  // Nothing to forget is no failure.
  await forgetUdp([gone], enter)
})

test('natRemoval takes everything away, also when nothing is there', async () => {
  await program(route(['one']))
  await nft.apply(natRemoval(table))
  await nft.apply(natRemoval(table))
  const tables = await run(nsenterArgv(network.netnsPath('machine'), ['nft', 'list', 'tables']))
  assert.equal(tables.trim(), '')
})
