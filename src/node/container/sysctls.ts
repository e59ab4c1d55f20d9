// Kernel settings that a pod may have: those that the kernel keeps per namespace and that Kubernetes
// takes for safe. https://kubernetes.io/docs/tasks/administer-cluster/sysctl-cluster/
import type { Pod } from '#kinds/k8s/core.ts'

/** With the namespace that must be the pod's own. */
const SAFE: Readonly<Record<string, 'network' | 'ipc'>> = {
  'kernel.shm_rmid_forced': 'ipc',
  'net.ipv4.ip_local_port_range': 'network',
  'net.ipv4.tcp_syncookies': 'network',
  'net.ipv4.ping_group_range': 'network',
  'net.ipv4.ip_unprivileged_port_start': 'network',
  'net.ipv4.ip_local_reserved_ports': 'network',
  'net.ipv4.tcp_keepalive_time': 'network',
  'net.ipv4.tcp_fin_timeout': 'network',
  'net.ipv4.tcp_keepalive_intvl': 'network',
  'net.ipv4.tcp_keepalive_probes': 'network',
  'net.ipv4.tcp_rmem': 'network',
  'net.ipv4.tcp_wmem': 'network',
}

/** The same setting is written with dots and with slashes. */
export const dotted = (name: string): string =>
  name.includes('/') ? name.replaceAll('/', '.') : name

/** Why a pod cannot have the settings that it wants. */
export function sysctlProblem({ spec }: Pod): string | undefined {
  const { hostNetwork = false, hostIPC = false } = spec
  for (const { name } of spec.securityContext?.sysctls ?? []) {
    const known = dotted(name)
    const namespace = Object.hasOwn(SAFE, known) ? SAFE[known] : undefined
    if (namespace === undefined) return `forbidden sysctl: "${name}" not allowlisted`
    if (namespace === 'network' && hostNetwork)
      return `forbidden sysctl: "${name}" not allowed with host net enabled`
    if (namespace === 'ipc' && hostIPC)
      return `forbidden sysctl: "${name}" not allowed with host ipc enabled`
  }
  return undefined
}
