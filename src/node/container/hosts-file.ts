import type { Pod } from '#kinds/k8s/core.ts'

const BASE = [
  '# Kubernetes-managed hosts file.',
  '127.0.0.1\tlocalhost',
  '::1\tlocalhost ip6-localhost ip6-loopback',
  'fe00::0\tip6-localnet',
  'fe00::0\tip6-mcastprefix',
  'fe00::1\tip6-allnodes',
  'fe00::2\tip6-allrouters',
]

/** The name a pod gives itself: at most a DNS label long. */
export function hostnameOf(pod: Pod): string {
  const { hostname, hostnameOverride } = pod.spec
  return (hostnameOverride ?? hostname ?? pod.metadata.name).slice(0, 63).replace(/[-.]+$/, '')
}

export function hostsFile(pod: Pod, addresses: readonly string[], domain: string): string {
  const hostname = hostnameOf(pod)
  const { subdomain } = pod.spec
  const names = subdomain
    ? [`${hostname}.${subdomain}.${pod.metadata.namespace}.svc.${domain}`, hostname]
    : [hostname]
  const own = addresses.map((address) => [address, ...names].join('\t'))
  const aliases = (pod.spec.hostAliases ?? []).map(({ ip, hostnames = [] }) =>
    [ip, ...hostnames].join('\t'),
  )
  const extra = aliases.length === 0 ? [] : ['', '# Entries added by HostAliases.', ...aliases]
  return [...BASE, ...own, ...extra, ''].join('\n')
}
