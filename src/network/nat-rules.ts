// Pure: the nftables program that sends service addresses to backends. One table, replaced whole in
// one transaction: whoever looks sees all of a change or nothing.
import type { Backend, ServicePortRoute } from './service-endpoints.ts'

export interface NatProgram {
  /** Name of the table, unique in its network namespace. */
  table: string
  routes: ServicePortRoute[]
  /** Which of a route's addresses this namespace answers. */
  addressesOf: (route: ServicePortRoute) => string[]
  /** Pods behind this namespace's own links: those may call a service that leads back to them. */
  isLocal: (backend: Backend) => boolean
  /** Takes packets from links whose name begins so, and from this host; from every link unless given. */
  linkPrefix?: string
}

/** What nft allows; a namespace and a service with the longest names have more. */
const COMMENT_LENGTH_MAX = 128

const REFUSED = 'ip daddr . meta l4proto . th dport @refused'

const chainName = (index: number) => `service_${index}`

/** `dnat to` one of the backends, each in turn. */
function dnatStatement(backends: Backend[]): string {
  const [only] = backends
  if (backends.length === 1) return `dnat to ${only!.address}:${only!.port}`
  const choices = backends.map((b, i) => `${i} : ${b.address} . ${b.port}`).join(', ')
  return `dnat ip to numgen inc mod ${backends.length} map { ${choices} }`
}

const elements = (items: string[]) =>
  items.length === 0 ? '' : `\n    elements = { ${items.join(',\n      ')} }`

const refusingChain = (hook: string) => `  chain refuse_${hook} {
    type filter hook ${hook} priority filter; policy accept;
    meta l4proto tcp ${REFUSED} counter reject with tcp reset
    ${REFUSED} counter reject
  }
`

/**
 * Chains:
 * - `services` from prerouting (packets of pods and other hosts) and output (of this host): a verdict map from address,
 *   protocol and port to the service's chain;
 * - `refuse`: addresses without a backend answer "connection refused" at once instead of a time-out;
 *   TCP by a reset, because of ICMP errors the kernel sends each client but one a second;
 * - `hairpin`: a pod that reaches itself through a service must see another source than itself.
 */
export function natRules(program: NatProgram): string {
  const { table, routes } = program
  const verdicts: string[] = []
  const refused: string[] = []
  const chains: string[] = []
  const local = new Set<string>()
  const taken = new Set<string>()
  routes.forEach((route, index) => {
    // An address that two services claim belongs to the first: twice in a map, nft would refuse all.
    const keys = program
      .addressesOf(route)
      .map((address) => `${address} . ${route.protocol.toLowerCase()} . ${route.port}`)
      .filter((key) => !taken.has(key))
    if (keys.length === 0) return
    for (const key of keys) taken.add(key)
    if (route.backends.length === 0) {
      refused.push(...keys)
      return
    }
    verdicts.push(...keys.map((key) => `${key} : goto ${chainName(index)}`))
    // The protocol must be named where a port is rewritten.
    const comment = route.id.slice(0, COMMENT_LENGTH_MAX)
    const match = `meta l4proto ${route.protocol.toLowerCase()}`
    chains.push(
      `  chain ${chainName(index)} {\n    ${match} ${dnatStatement(route.backends)} comment "${comment}"\n  }`,
    )
    for (const backend of route.backends) if (program.isLocal(backend)) local.add(backend.address)
  })
  const fromLinks = program.linkPrefix === undefined ? '' : `iifname "${program.linkPrefix}*" `
  const hairpins = [...local].toSorted().map((address) => `${address} . ${address}`)
  return `table ip ${table}
delete table ip ${table}
table ip ${table} {
  map services {
    type ipv4_addr . inet_proto . inet_service : verdict${elements(verdicts)}
  }
  set refused {
    type ipv4_addr . inet_proto . inet_service${elements(refused)}
  }
  set hairpins {
    type ipv4_addr . ipv4_addr${elements(hairpins)}
  }
${chains.join('\n')}
  chain prerouting {
    type nat hook prerouting priority dstnat; policy accept;
    ${fromLinks}ip daddr . meta l4proto . th dport vmap @services
  }
  chain output {
    type nat hook output priority -100; policy accept;
    ip daddr . meta l4proto . th dport vmap @services
  }
  chain postrouting {
    type nat hook postrouting priority srcnat; policy accept;
    ct status dnat ip saddr . ip daddr @hairpins masquerade
  }
${['forward', 'output', 'input'].map(refusingChain).join('')}}
`
}

/** Removes the table; fine when it is not there. */
export function natRemoval(table: string): string {
  return `table ip ${table}\ndelete table ip ${table}\n`
}
