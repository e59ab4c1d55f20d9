// What a pod's /etc/resolv.conf says, by its DNS policy.
import type { Pod } from '#kinds/k8s/core.ts'
import type { SandboxConfig } from '../runtime/runtime.ts'

export interface ClusterDns {
  address: string
  /** "cluster.local" */
  domain: string
}

type DnsConfig = SandboxConfig['dnsConfig']

/** Kubernetes' limits for resolv.conf. */
const dnsLimits = { nameservers: 3, searches: 32 } as const
const EMPTY: DnsConfig = { servers: [], searches: [], options: [] }

function byPolicy(pod: Pod, cluster: ClusterDns): DnsConfig {
  const { dnsPolicy = 'ClusterFirst', hostNetwork = false } = pod.spec
  if (dnsPolicy === 'None') return EMPTY
  const followsMachine = dnsPolicy === 'Default' || (dnsPolicy === 'ClusterFirst' && hostNetwork)
  // A machine has no resolver but the cluster's: only the search path makes the difference.
  if (followsMachine) return { ...EMPTY, servers: [cluster.address] }
  const { domain } = cluster
  const searches = [`${pod.metadata.namespace}.svc.${domain}`, `svc.${domain}`, domain]
  return { servers: [cluster.address], searches, options: ['ndots:5'] }
}

const unique = (values: readonly string[]): string[] => [...new Set(values)]

function optionsOf(base: readonly string[], own: readonly string[]): string[] {
  // A pod's option replaces one of the same name.
  const named = new Map([...base, ...own].map((option) => [option.split(':')[0], option]))
  return [...named.values()]
}

export function dnsConfigOf(pod: Pod, cluster: ClusterDns): DnsConfig {
  const base = byPolicy(pod, cluster)
  const { nameservers = [], searches = [], options = [] } = pod.spec.dnsConfig ?? {}
  const own = options.map(({ name, value }) => (value ? `${name}:${value}` : (name ?? '')))
  return {
    servers: unique([...base.servers, ...nameservers]).slice(0, dnsLimits.nameservers),
    searches: unique([...base.searches, ...searches]).slice(0, dnsLimits.searches),
    options: optionsOf(base.options, own),
  }
}
