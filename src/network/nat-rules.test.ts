import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type NatInput, natRules } from './nat-rules.ts'
import type { RouteEndpoint, ServicePortRoute } from './service-endpoints.ts'

const endpoint = (address: string, node: string, over: Partial<RouteEndpoint> = {}) => ({
  address,
  port: 8080,
  node,
  isReady: true,
  isLeaving: false,
  zones: undefined,
  nodes: undefined,
  ...over,
})

const NEAR = '10.64.64.2'
const FAR = '10.64.65.2'

function route(
  over: Partial<ServicePortRoute> = {},
  endpoints: RouteEndpoint[] = [endpoint(NEAR, 'a'), endpoint(FAR, 'b')],
): ServicePortRoute {
  return {
    id: 'default/web:80/TCP',
    service: 'default/web',
    protocol: 'TCP',
    port: 80,
    clusterAddresses: ['10.64.128.7'],
    balancerAddresses: ['10.127.0.1'],
    externalAddresses: [],
    nodePort: undefined,
    sourceRanges: [],
    isLocalInside: false,
    isLocalOutside: false,
    affinitySeconds: undefined,
    endpoints,
    backends: endpoints.filter(({ isReady }) => isReady),
    ...over,
  }
}

const machine = (routes: ServicePortRoute[], over: Partial<NatInput> = {}) =>
  natRules({
    table: 'ccs',
    routes,
    hostPorts: [],
    place: { node: 'a', zone: 'zone-a' },
    answers: 'all',
    uplink: 'eth0',
    ...over,
  })

type Program = ReturnType<typeof natRules>

/** The rules that a packet meets which starts at a key of a map. */
function follow({ sets, chains }: Program, map: string, key: string): string[] {
  const verdict = sets.get(map)?.elements?.get(key)
  return verdict === undefined ? [] : rulesBehind(chains, verdict)
}

function rulesBehind(chains: Program['chains'], rule: string): string[] {
  const names = [...rule.matchAll(/goto ([^\s,}]+)/g)].map(([, name]) => name!)
  return [...new Set(names)].flatMap((name) =>
    (chains.get(name) ?? []).flatMap((next) => [next, ...rulesBehind(chains, next)]),
  )
}

const toService = (program: Program, address = '10.64.128.7') =>
  follow(program, 'services', `${address} . tcp . 80`).join('\n')

test('natRules sends every address of a route to its backends in turn', () => {
  const program = machine([route()])
  for (const address of ['10.64.128.7', '10.127.0.1'])
    assert.match(
      toService(program, address),
      /numgen inc mod 2 map \{ 0 : 10\.64\.64\.2 \. 8080, 1 : 10\.64\.65\.2 \. 8080 \}/,
    )
})

test('natRules lets only pods of the machine call themselves through a service', () => {
  const { sets } = machine([route()])
  assert.deepEqual([...sets.get('hairpins')!.elements!.keys()], [`${NEAR} . ${NEAR}`])
})

test('natRules refuses connections to a service without backends', () => {
  const { sets, chains } = machine([route({}, [])])
  assert.deepEqual(
    [...sets.get('refused')!.elements!.keys()],
    ['10.64.128.7 . tcp . 80', '10.127.0.1 . tcp . 80'],
  )
  assert.equal(sets.get('services')!.elements!.size, 0)
  for (const hook of ['forward', 'output', 'input'])
    assert.match(chains.get(`refuse-${hook}`)!.join('\n'), /tcp .*@refused .*with tcp reset\n/)
})

test('natRules gives an address that two services claim to the first', () => {
  const thief = route({ id: 'default/thief:80/TCP', service: 'default/thief' })
  const program = machine([route(), thief, { ...thief, backends: [], endpoints: [] }])
  assert.doesNotMatch([...program.sets.get('services')!.elements!.values()].join(), /thief/)
  assert.equal(program.sets.get('refused')!.elements!.size, 0)
})

test('natRules takes packets of other hosts only from the links it is given', () => {
  const rule = (over: Partial<NatInput>) => machine([route()], over).chains.get('prerouting')![1]!
  assert.match(rule({ linkPrefix: 'ccsabc' }), /^iifname "ccsabc\*" ip daddr/)
  assert.match(rule({}), /^ip daddr/)
})

test('natRules of the computer answers for load balancers alone', () => {
  const { sets, chains } = natRules({
    table: 'ccs',
    routes: [route({ nodePort: 30_080 }), route({ service: 'default/in', balancerAddresses: [] })],
    hostPorts: [],
    place: {},
    answers: 'balancers',
  })
  assert.deepEqual([...sets.get('services')!.elements!.keys()], ['10.127.0.1 . tcp . 80'])
  assert.equal(sets.get('node-ports')!.elements!.size, 0)
  assert.doesNotMatch([...chains.values()].flat().join('\n'), /node-ports/)
})

test('natRules serves a node port from everywhere, and has the answers come back', () => {
  const program = machine([route({ nodePort: 30_080 })])
  const rules = follow(program, 'node-ports', 'tcp . 30080')
  assert.match(rules[0]!, /meta mark set/)
  assert.match(rules.join('\n'), /10\.64\.64\.2 .*10\.64\.65\.2/)
  // Whoever calls the address inside the cluster is seen as who it is.
  assert.doesNotMatch(toService(program), /meta mark/)
})

test('natRules keeps outside traffic of the policy Local on the machine, with its source', () => {
  const program = machine([route({ nodePort: 30_080, isLocalOutside: true })])
  const rules = follow(program, 'node-ports', 'tcp . 30080')
  assert.match(rules[0]!, /^iifname != "eth0" goto everywhere-default\/web\/tcp\/80$/)
  assert.match(rules.at(-1)!, /dnat to 10\.64\.64\.2:8080$/)
  assert.doesNotMatch(rules.join('\n'), /meta mark/)
})

test('natRules drops outside traffic of the policy Local where no pod of the service is', () => {
  const far = [endpoint(FAR, 'b')]
  const program = machine([route({ nodePort: 30_080, isLocalOutside: true }, far)])
  const rules = follow(program, 'node-ports', 'tcp . 30080')
  assert.equal(rules.at(-1), 'counter drop')
  // Its own pods may call the address all the same.
  assert.match(rules.join('\n'), /dnat to 10\.64\.65\.2:8080/)
})

test('natRules keeps inside traffic of the policy Local on the machine', () => {
  const local = { isLocalInside: true, balancerAddresses: [] }
  assert.match(toService(machine([route(local)])), /^meta l4proto tcp dnat to 10\.64\.64\.2:8080$/)
  assert.equal(toService(machine([route(local, [endpoint(FAR, 'b')])])), 'counter drop')
  assert.equal(machine([route(local, [])]).sets.get('refused')!.elements!.size, 1)
})

test('natRules prefers the near by the hints, as long as every endpoint has them', () => {
  const hinted = (zones?: string[], nodes?: string[]) => [
    endpoint(NEAR, 'a', { zones: ['zone-a'], nodes }),
    endpoint(FAR, 'b', { zones, nodes: nodes && ['b'] }),
  ]
  const only = /^meta l4proto tcp dnat to 10\.64\.64\.2:8080$/
  assert.match(toService(machine([route({}, hinted(['zone-b']))])), only)
  assert.match(toService(machine([route({}, hinted(['zone-a'], ['a']))])), only)
  assert.match(toService(machine([route({}, hinted())])), /mod 2/)
  assert.match(toService(machine([route({}, hinted(['zone-a']))])), /mod 2/)
  const elsewhere = { place: { node: 'c', zone: 'zone-c' } }
  assert.match(toService(machine([route({}, hinted(['zone-b']))], elsewhere)), /mod 2/)
})

test('natRules sends a client to the backend it had, for as long as the service says', () => {
  const program = machine([route({ affinitySeconds: 60, balancerAddresses: [] })])
  const set = `affinity-60-default/web/tcp/80/${NEAR}/8080`
  assert.match(program.sets.get(set)!.declaration, /timeout 60s/)
  const rules = toService(program).split('\n')
  assert.equal(rules[0], `ip saddr @${set} goto endpoint-default/web/tcp/80/${NEAR}/8080`)
  assert.equal(rules[1], `update @${set} { ip saddr }`)
  assert.match(rules.join('\n'), /numgen inc mod 2 vmap/)
})

test('natRules lets only the given sources come to a balancer, and the machine itself', () => {
  const sourceRanges = ['192.0.2.0/24', '192.0.2.0/25']
  const program = machine([route({ sourceRanges })])
  const rules = toService(program, '10.127.0.1')
  assert.match(rules, /^fib saddr type local goto/)
  for (const block of sourceRanges) assert.match(rules, new RegExp(`ip saddr ${block} goto`))
  assert.match(rules, /^goto nowhere$/m)
  assert.doesNotMatch(toService(program), /192\.0\.2/)
})

test('natRules serves external addresses as it does node ports', () => {
  const program = machine([route({ externalAddresses: ['192.0.2.7'] })])
  assert.match(toService(program, '192.0.2.7'), /^meta mark set/)
})

test('natRules leads a host port to its pod, at one address of the machine or at all', () => {
  const backend = { address: NEAR, port: 53, node: 'a' }
  const program = machine([], {
    hostPorts: [
      { hostPort: 53, hostAddress: undefined, protocol: 'UDP', backend },
      { hostPort: 80, hostAddress: '10.64.0.11', protocol: 'TCP', backend },
      {
        hostPort: 80,
        hostAddress: '10.64.0.11',
        protocol: 'TCP',
        backend: { ...backend, port: 9 },
      },
    ],
  })
  assert.deepEqual(follow(program, 'node-ports', 'udp . 53'), [
    `meta l4proto udp dnat to ${NEAR}:53`,
  ])
  assert.deepEqual(follow(program, 'services', '10.64.0.11 . tcp . 80'), [
    `meta l4proto tcp dnat to ${NEAR}:53`,
  ])
})
