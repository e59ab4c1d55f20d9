import type { Pod } from '#kinds/k8s/core.ts'
import { ConfigError } from './config-error.ts'

const HEADER = '# Kubernetes-managed hosts file.'
const HEADER_OF_HOST_NETWORK = '# Kubernetes-managed hosts file (host network).'
const BASE = [
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

/** The name under which the pod is found by DNS; undefined for one that is not. */
function qualifiedName(pod: Pod, domain: string): string | undefined {
  const { subdomain } = pod.spec
  if (!subdomain) return undefined
  return `${hostnameOf(pod)}.${subdomain}.${pod.metadata.namespace}.svc.${domain}`
}

/** The kernel takes no longer name. */
const HOSTNAME_LENGTH_MAX = 64

/** The name that the pod's processes see. Throws when the kernel does not take it. */
export function kernelHostname(pod: Pod, domain: string): string {
  const qualified = pod.spec.setHostnameAsFQDN === true ? qualifiedName(pod, domain) : undefined
  if (qualified === undefined) return hostnameOf(pod)
  if (qualified.length > HOSTNAME_LENGTH_MAX)
    throw new ConfigError(
      `failed to construct FQDN from pod hostname and cluster domain, FQDN ${qualified} is too long (${HOSTNAME_LENGTH_MAX} characters is the max, ${qualified.length} characters requested)`,
    )
  return qualified
}

/** A pod in the machine's network has the machine's names. */
function namesOf(pod: Pod, domain: string): string[] {
  if (pod.spec.hostNetwork === true) return [pod.spec.nodeName ?? '']
  const qualified = qualifiedName(pod, domain)
  return [...(qualified === undefined ? [] : [qualified]), hostnameOf(pod)]
}

export function hostsFile(pod: Pod, addresses: readonly string[], domain: string): string {
  const header = pod.spec.hostNetwork === true ? HEADER_OF_HOST_NETWORK : HEADER
  const own = addresses.map((address) => [address, ...namesOf(pod, domain)].join('\t'))
  const aliases = (pod.spec.hostAliases ?? []).map(({ ip, hostnames = [] }) =>
    [ip, ...hostnames].join('\t'),
  )
  const extra = aliases.length === 0 ? [] : ['', '# Entries added by HostAliases.', ...aliases]
  return [header, ...BASE, ...own, ...extra, ''].join('\n')
}
