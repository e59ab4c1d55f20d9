// Pure: the nftables program that sends service addresses, node ports and host ports to backends.
import {
  type Choice,
  everywhere,
  insideBackends,
  outsideBackends,
  type Place,
} from './choose-backends.ts'
import type { HostPort } from './host-ports.ts'
import type { NftProgram, NftSet } from './nft-program.ts'
import type { Backend, ServicePortRoute } from './service-endpoints.ts'

export interface NatInput {
  /** Name of the table, unique in its network namespace. */
  table: string
  routes: readonly ServicePortRoute[]
  /** Ports of this machine that lead to a pod of it. */
  hostPorts: readonly HostPort[]
  place: Place
  /** Whether addresses inside the cluster are answered here, or those of load balancers alone. */
  answers: 'all' | 'balancers'
  /** The link to everything outside a machine; its node ports are served where it is given. */
  uplink?: string
  /** Takes packets from links whose name begins so, and from this host; from every link unless given. */
  linkPrefix?: string
}

/** Set on packets whose answers must come back through this machine. */
const MASQUERADE = '0x4000'
const KEY = 'ip daddr . meta l4proto . th dport'
const DROP = 'nowhere'

const lower = (protocol: string) => protocol.toLowerCase()

/** Collects the program; an address that two claim belongs to the first, or nft would refuse all. */
class Builder {
  readonly services = new Map<string, string>()
  readonly nodePorts = new Map<string, string>()
  readonly refused = new Map<string, string>()
  readonly hairpins = new Map<string, string>()
  readonly chains = new Map<string, string[]>()
  readonly affinities = new Map<string, NftSet>()

  claim(address: string, { protocol, port }: Pick<ServicePortRoute, 'protocol' | 'port'>) {
    const key = `${address} . ${lower(protocol)} . ${port}`
    return this.services.has(key) || this.refused.has(key) ? undefined : key
  }

  mayCallItself({ address }: Backend): void {
    this.hairpins.set(`${address} . ${address}`, '')
  }
}

const routeKey = ({ service, protocol, port }: ServicePortRoute) =>
  `${service}/${lower(protocol)}/${port}`

/** The protocol must be named where a port is rewritten. */
const dnat = (protocol: string, { address, port }: Backend) =>
  `meta l4proto ${lower(protocol)} dnat to ${address}:${port}`

/**
 * Rules that send to one of the backends, each in turn. A map is looked up in the newest state while a
 * packet follows the rules of the state before: at the moment of a change it may find nothing there.
 * Without a rule behind it the connection would go on to the service's own address, and be lost.
 */
function inTurn(protocol: string, backends: readonly Backend[]): string[] {
  const [only] = backends
  if (backends.length === 1) return [dnat(protocol, only!)]
  const choices = backends.map((b, i) => `${i} : ${b.address} . ${b.port}`).join(', ')
  return [
    `meta l4proto ${lower(protocol)} dnat ip to numgen inc mod ${backends.length} map { ${choices} }`,
    dnat(protocol, only!),
  ]
}

/** Rules that send a client to the backend it had, while that is there, else to one in turn. */
function toTheSame(
  builder: Builder,
  route: ServicePortRoute,
  backends: readonly Backend[],
): string[] {
  const ends = backends.map((backend) => {
    const suffix = `${routeKey(route)}/${backend.address}/${backend.port}`
    // The time is part of the name: a set cannot be given another.
    const set = `affinity-${route.affinitySeconds}-${suffix}`
    const chain = `endpoint-${suffix}`
    builder.affinities.set(set, {
      kind: 'set',
      declaration: `type ipv4_addr; flags dynamic,timeout; timeout ${route.affinitySeconds}s;`,
      elements: undefined,
    })
    builder.chains.set(chain, [`update @${set} { ip saddr }`, dnat(route.protocol, backend)])
    return { set, chain }
  })
  const choices = ends.map(({ chain }, i) => `${i} : goto ${chain}`).join(', ')
  return [
    ...ends.map(({ set, chain }) => `ip saddr @${set} goto ${chain}`),
    `numgen inc mod ${ends.length} vmap { ${choices} }`,
    `goto ${ends[0]!.chain}`,
  ]
}

/** The verdict for a choice of backends, with a chain of that name where it needs one. */
function verdictFor(builder: Builder, route: ServicePortRoute, name: string, choice: Choice) {
  const { backends, isBarred } = choice
  if (backends.length === 0) return isBarred ? `goto ${DROP}` : undefined
  const rules =
    route.affinitySeconds === undefined
      ? inTurn(route.protocol, backends)
      : toTheSame(builder, route, backends)
  builder.chains.set(name, rules)
  return `goto ${name}`
}

function isSame(a: Choice, b: Choice): boolean {
  const text = ({ backends, isBarred }: Choice) =>
    `${isBarred} ${backends.map(({ address, port }) => `${address}:${port}`).join()}`
  return text(a) === text(b)
}

/**
 * Traffic from outside. By the policy Cluster it may go to another machine, so that its answers must
 * come back through this one; by Local it stays here and is seen with the address it came from. What
 * starts on this machine is not from outside, whichever address it calls.
 */
function outsideVerdict(builder: Builder, input: NatInput, route: ServicePortRoute) {
  const { uplink, place } = input
  const key = routeKey(route)
  const all = everywhere(route, place)
  const wide = verdictFor(builder, route, `everywhere-${key}`, all)
  if (uplink === undefined || wide === undefined) return wide
  const name = `outside-${key}`
  if (!route.isLocalOutside) {
    builder.chains.set(name, [`meta mark set meta mark | ${MASQUERADE}`, wide])
    return `goto ${name}`
  }
  const local = verdictFor(builder, route, `local-${key}`, outsideBackends(route, place))
  builder.chains.set(name, [
    `iifname != "${uplink}" ${wide}`,
    ...(local === undefined ? [] : [local]),
  ])
  return `goto ${name}`
}

/** Who may come to a balancer's address; this computer itself always may. */
function balancerVerdict(builder: Builder, route: ServicePortRoute, verdict: string) {
  if (route.sourceRanges.length === 0) return verdict
  const name = `balancer-${routeKey(route)}`
  builder.chains.set(name, [
    `fib saddr type local ${verdict}`,
    // One block within another: nft takes no such set, so each has a rule.
    ...[...new Set(route.sourceRanges)].map((block) => `ip saddr ${block} ${verdict}`),
    `goto ${DROP}`,
  ])
  return `goto ${name}`
}

function addRoute(builder: Builder, input: NatInput, route: ServicePortRoute): void {
  const { answers, place, uplink } = input
  const put = (addresses: readonly string[], verdict: string | undefined) => {
    for (const address of addresses) {
      const key = builder.claim(address, route)
      if (key === undefined) continue
      if (verdict === undefined) builder.refused.set(key, '')
      else builder.services.set(key, verdict)
    }
  }
  const key = routeKey(route)
  if (answers === 'balancers') {
    if (route.balancerAddresses.length === 0) return
    const verdict = verdictFor(builder, route, `everywhere-${key}`, everywhere(route, place))
    put(route.balancerAddresses, verdict && balancerVerdict(builder, route, verdict))
    return
  }
  const inside = insideBackends(route, place)
  const isLikeAll = isSame(inside, everywhere(route, place))
  const insideName = isLikeAll ? `everywhere-${key}` : `inside-${key}`
  put(route.clusterAddresses, verdictFor(builder, route, insideName, inside))
  const hasOutside =
    route.balancerAddresses.length + route.externalAddresses.length > 0 ||
    route.nodePort !== undefined
  if (!hasOutside) return
  const outside = outsideVerdict(builder, input, route)
  put(route.balancerAddresses, outside && balancerVerdict(builder, route, outside))
  put(route.externalAddresses, outside)
  // Without a backend nobody listens at a node port, and the kernel refuses by itself.
  const nodePortKey = `${lower(route.protocol)} . ${route.nodePort}`
  if (uplink !== undefined && route.nodePort !== undefined && outside !== undefined)
    if (!builder.nodePorts.has(nodePortKey)) builder.nodePorts.set(nodePortKey, outside)
}

function addHostPort(
  builder: Builder,
  { hostPort, hostAddress, protocol, backend }: HostPort,
): void {
  const chain = `host-port-${lower(protocol)}/${hostPort}/${hostAddress ?? 'any'}`
  if (builder.chains.has(chain)) return
  builder.chains.set(chain, [dnat(protocol, backend)])
  builder.mayCallItself(backend)
  if (hostAddress === undefined)
    builder.nodePorts.set(`${lower(protocol)} . ${hostPort}`, `goto ${chain}`)
  else builder.services.set(`${hostAddress} . ${lower(protocol)} . ${hostPort}`, `goto ${chain}`)
}

const refusingChain = (hook: string): string[] => [
  `type filter hook ${hook} priority filter; policy accept;`,
  `meta l4proto tcp ${KEY} @refused counter reject with tcp reset`,
  `${KEY} @refused counter reject`,
]

/**
 * Chains:
 * - `prerouting` (packets of pods and other hosts) and `output` (of this host): a verdict map from address, protocol
 *   and port to the service's chain, and one from a port of the machine itself;
 * - `refuse`: addresses without a backend answer "connection refused" at once instead of a time-out;
 *   TCP by a reset, because of ICMP errors the kernel sends each client but one a second;
 * - `postrouting`: a pod that reaches itself through a service must see another source than itself, and answers to
 *   what was sent on to another machine must come back here.
 */
function baseChains({ linkPrefix, uplink }: NatInput): [string, string[]][] {
  const fromLinks = linkPrefix === undefined ? '' : `iifname "${linkPrefix}*" `
  const toNodePorts =
    uplink === undefined
      ? []
      : [`fib daddr type local ip daddr != 127.0.0.0/8 meta l4proto . th dport vmap @node-ports`]
  return [
    [
      'prerouting',
      [
        'type nat hook prerouting priority dstnat; policy accept;',
        `${fromLinks}${KEY} vmap @services`,
        ...toNodePorts,
      ],
    ],
    [
      'output',
      [
        'type nat hook output priority -100; policy accept;',
        `${KEY} vmap @services`,
        ...toNodePorts,
      ],
    ],
    [
      'postrouting',
      [
        'type nat hook postrouting priority srcnat; policy accept;',
        `meta mark & ${MASQUERADE} == ${MASQUERADE} ct status dnat masquerade`,
        'ct status dnat ip saddr . ip daddr @hairpins masquerade',
      ],
    ],
    ...['forward', 'output', 'input'].map((hook): [string, string[]] => [
      `refuse-${hook}`,
      refusingChain(hook),
    ]),
  ]
}

export function natRules(input: NatInput): NftProgram {
  const builder = new Builder()
  builder.chains.set(DROP, ['counter drop'])
  for (const hostPort of input.hostPorts) addHostPort(builder, hostPort)
  for (const route of input.routes) {
    addRoute(builder, input, route)
    for (const backend of route.backends)
      if (backend.node !== undefined && backend.node === input.place.node)
        builder.mayCallItself(backend)
  }
  const addressKey = 'type ipv4_addr . inet_proto . inet_service'
  return {
    table: input.table,
    sets: new Map<string, NftSet>([
      [
        'services',
        { kind: 'map', declaration: `${addressKey} : verdict;`, elements: builder.services },
      ],
      [
        'node-ports',
        {
          kind: 'map',
          declaration: 'type inet_proto . inet_service : verdict;',
          elements: builder.nodePorts,
        },
      ],
      ['refused', { kind: 'set', declaration: `${addressKey};`, elements: builder.refused }],
      [
        'hairpins',
        { kind: 'set', declaration: 'type ipv4_addr . ipv4_addr;', elements: builder.hairpins },
      ],
      ...builder.affinities,
    ]),
    chains: new Map([...builder.chains, ...baseChains(input)]),
  }
}
