// The rules in a real kernel: where packets to a service's address come out.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { silentLogger } from '#base/log.ts'
import { type NftSession, openNftSession } from '#linux/nft.ts'
import { nsenterArgv } from '#linux/nsenter.ts'
import { run } from '#linux/run.ts'
import { type NatInput, natRules } from '#network/nat-rules.ts'
import { type NftProgram, tableChange, tableRemoval, wholeTable } from '#network/nft-program.ts'
import type { Protocol, ServicePortRoute } from '#network/service-endpoints.ts'
import { MACHINE, MachineNetwork, POD_PORT, type PodName, pods } from './machine-network.ts'

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
  const endpoints = names.map((name) => ({
    address: pods[name],
    port: POD_PORT,
    node: 'machine',
    isReady: true,
    isLeaving: false,
    zones: undefined,
    nodes: undefined,
  }))
  return {
    id: `default/web:80/${over.protocol ?? 'TCP'}`,
    service: 'default/web',
    protocol: 'TCP',
    port: service.port,
    clusterAddresses: [service.address],
    balancerAddresses: [],
    externalAddresses: [],
    nodePort: undefined,
    sourceRanges: [],
    isLocalInside: false,
    isLocalOutside: false,
    affinitySeconds: undefined,
    endpoints,
    backends: endpoints,
    ...over,
  }
}

let applied: NftProgram | undefined

/** As the proxy does: the whole table first, then what changes. */
async function applyInput(over: Partial<NatInput>): Promise<void> {
  const wanted = natRules({
    table,
    routes: [],
    hostPorts: [],
    place: { node: 'machine' },
    answers: 'all',
    uplink: 'up0',
    ...over,
  })
  const ruleset = applied === undefined ? wholeTable(wanted) : tableChange(applied, wanted)
  if (ruleset !== '') await nft.apply(ruleset)
  applied = wanted
}

const program = (...routes: ServicePortRoute[]) => applyInput({ routes })

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
        service: `${long.slice(0, -3)}${100 + i}`,
        affinitySeconds: i % 2 === 0 ? 60 : undefined,
        nodePort: 30_000 + i,
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

test('natRules serves a node port at the addresses of the machine, to all who can reach it', async () => {
  for (const protocol of ['tcp', 'udp'] as const) {
    await program(
      route(['one', 'two'], { nodePort: 30_080, protocol: protocol.toUpperCase() as Protocol }),
    )
    const nodePort = { address: MACHINE, port: 30_080 }
    for (const from of ['outside', 'machine', 'one'] as const)
      assert.deepEqual(
        countsOf(await network.ask(from, protocol, nodePort, { times: 4 })),
        { one: 2, two: 2 },
        `${protocol} from ${from}`,
      )
    // Nothing but the node port leads to the service there.
    const other = { address: MACHINE, port: 80 }
    assert.deepEqual(countsOf(await network.ask('outside', protocol, other)), { ECONNREFUSED: 1 })
  }
})

test('natRules of the policy Local shows the pod who calls, that of Cluster the machine', async () => {
  const nodePort = { address: MACHINE, port: 30_080 }
  await program(route(['one'], { nodePort: 30_080, isLocalOutside: true }))
  assert.deepEqual(await network.ask('outside', 'tcp', nodePort), ['one 10.99.1.1'])
  await program(route(['one'], { nodePort: 30_080 }))
  const [answer] = await network.ask('outside', 'tcp', nodePort)
  assert.match(answer!, /^one (?!10\.99\.1\.1$)/)
})

test('natRules of the policy Local leaves who comes to the wrong machine without an answer', async () => {
  const far = route(['one'], { nodePort: 30_080, isLocalOutside: true })
  const endpoints = far.endpoints.map((endpoint) => ({ ...endpoint, node: 'other' }))
  await program({ ...far, endpoints, backends: endpoints })
  const nodePort = { address: MACHINE, port: 30_080 }
  assert.deepEqual(await network.ask('outside', 'tcp', nodePort), ['timed out'])
  // Traffic that starts on the machine may leave it.
  assert.deepEqual(countsOf(await network.ask('two', 'tcp', nodePort)), { one: 1 })
})

test('natRules keeps a client at its backend through changes of the service', async () => {
  const sticky = { affinitySeconds: 60 }
  await program(route(['one', 'two'], sticky))
  const [first] = await network.ask('outside', 'tcp', service)
  const [name] = first!.split(' ') as [PodName]
  assert.deepEqual(countsOf(await network.ask('outside', 'tcp', service, { times: 9 })), {
    [name]: 9,
  })
  // A change of other services, and of this one, forgets nobody.
  const other = route(['one'], { service: 'default/other', clusterAddresses: ['10.99.128.8'] })
  await program(route(['one', 'two'], sticky), other)
  await program(route([name], sticky))
  await program(route(['two', 'one'], sticky))
  assert.deepEqual(countsOf(await network.ask('outside', 'tcp', service, { times: 9 })), {
    [name]: 9,
  })
  const rest = (['one', 'two'] as const).filter((other) => other !== name)
  await program(route(rest, sticky))
  assert.deepEqual(countsOf(await network.ask('outside', 'tcp', service, { times: 3 })), {
    [rest[0]!]: 3,
  })
})

test('natRules lets a client go when its time is over', async () => {
  const sticky = { affinitySeconds: 1 }
  await program(route(['one', 'two'], sticky))
  const names = new Set<string>()
  for (let i = 0; i < 4; i++) {
    const answers = countsOf(await network.ask('outside', 'tcp', service))
    for (const name of Object.keys(answers)) names.add(name)
    await new Promise((resolve) => setTimeout(resolve, 1_200))
  }
  assert.deepEqual([...names].toSorted(), ['one', 'two'])
})

test('natRules turns away from a balancer who is not of its sources', async () => {
  const balancer = { address: '10.99.128.9', port: service.port }
  const closed = { balancerAddresses: [balancer.address], sourceRanges: ['10.99.64.0/24'] }
  await program(route(['one'], closed))
  assert.deepEqual(await network.ask('outside', 'tcp', balancer), ['timed out'])
  for (const from of ['two', 'machine'] as const)
    assert.deepEqual(countsOf(await network.ask(from, 'tcp', balancer)), { one: 1 }, from)
  assert.deepEqual(countsOf(await network.ask('outside', 'tcp', service)), { one: 1 })
})

test('natRules leads host ports to their pods', async () => {
  const backend = { address: pods.one, port: POD_PORT, node: 'machine' }
  await applyInput({
    hostPorts: [
      { hostPort: 81, hostAddress: undefined, protocol: 'TCP', backend },
      { hostPort: 81, hostAddress: undefined, protocol: 'UDP', backend },
      { hostPort: 82, hostAddress: MACHINE, protocol: 'TCP', backend },
      { hostPort: 83, hostAddress: '192.0.2.1', protocol: 'TCP', backend },
    ],
  })
  const at = (port: number) => ({ address: MACHINE, port })
  assert.deepEqual(await network.ask('outside', 'tcp', at(81)), ['one 10.99.1.1'])
  assert.deepEqual(await network.ask('outside', 'udp', at(81)), ['one 10.99.1.1'])
  for (const from of ['outside', 'machine', 'two', 'one'] as const)
    assert.deepEqual(countsOf(await network.ask(from, 'tcp', at(82))), { one: 1 }, from)
  assert.deepEqual(await network.ask('outside', 'tcp', at(83)), ['ECONNREFUSED'])
})

test('natRules hands an address from one service to another', async () => {
  const first = route(['one'], { service: 'default/first' })
  await program(first)
  assert.deepEqual(countsOf(await network.ask('outside', 'tcp', service)), { one: 1 })
  await program(route(['two'], { service: 'default/second' }))
  assert.deepEqual(countsOf(await network.ask('outside', 'tcp', service)), { two: 1 })
  await program(route([], { service: 'default/second' }))
  assert.deepEqual(countsOf(await network.ask('outside', 'tcp', service)), { ECONNREFUSED: 1 })
  await program(first)
  assert.deepEqual(countsOf(await network.ask('outside', 'tcp', service)), { one: 1 })
})

test('tableRemoval takes everything away, also when nothing is there', async () => {
  await program(route(['one']))
  await nft.apply(tableRemoval(table))
  await nft.apply(tableRemoval(table))
  const tables = await run(nsenterArgv(network.netnsPath('machine'), ['nft', 'list', 'tables']))
  assert.equal(tables.trim(), '')
})
