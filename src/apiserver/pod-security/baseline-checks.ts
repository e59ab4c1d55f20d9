// The baseline profile of the Pod Security Standards: nothing that is known to escape a container.
// https://kubernetes.io/docs/concepts/security/pod-security-standards/
import type { PodSpec, Volume } from '#kinds/k8s/core.ts'
import {
  appArmorProfile,
  seLinuxOptions,
  seccompAnnotations,
  seccompBaseline,
} from './profile-checks.ts'
import {
  type AnyContainer,
  type Check,
  type CheckPod,
  allContainers,
  containersThat,
  namedContainers,
  plural,
  quoted,
  setters,
  sortedSet,
} from './violation.ts'

const CAPABILITIES = new Set([
  'AUDIT_WRITE',
  'CHOWN',
  'DAC_OVERRIDE',
  'FOWNER',
  'FSETID',
  'KILL',
  'MKNOD',
  'NET_BIND_SERVICE',
  'SETFCAP',
  'SETGID',
  'SETPCAP',
  'SETUID',
  'SYS_CHROOT',
])

const capabilities: CheckPod = ({ spec }) => {
  const added = ({ securityContext }: AnyContainer) =>
    (securityContext?.capabilities?.add ?? []).filter((name) => !CAPABILITIES.has(name))
  const bad = containersThat(spec, (container) => added(container).length > 0)
  if (bad.length === 0) return undefined
  return {
    reason: 'non-default capabilities',
    detail: `${namedContainers(bad)} must not include ${quoted(sortedSet(bad.flatMap(added)))} in securityContext.capabilities.add`,
  }
}

const hostNamespaces: CheckPod = ({ spec }) => {
  const shared = (['hostNetwork', 'hostPID', 'hostIPC'] as const).filter((key) => spec[key])
  if (shared.length === 0) return undefined
  return { reason: 'host namespaces', detail: shared.map((key) => `${key}=true`).join(', ') }
}

const hostPathVolumes: CheckPod = ({ spec }) => {
  const names = (spec.volumes ?? [])
    .filter((volume: Volume) => volume.hostPath !== undefined)
    .map(({ name }) => name)
  if (names.length === 0) return undefined
  return {
    reason: 'hostPath volumes',
    detail: `${plural('volume', names.length)} ${quoted(names)}`,
  }
}

const hostPorts: CheckPod = ({ spec }) => {
  const portsOf = ({ ports }: AnyContainer) =>
    (ports ?? []).flatMap(({ hostPort }) => (hostPort ? [String(hostPort)] : []))
  const bad = containersThat(spec, (container) => portsOf(container).length > 0)
  if (bad.length === 0) return undefined
  const ports = sortedSet(bad.flatMap(portsOf))
  const verb = plural('uses', bad.length, 'use')
  return {
    reason: 'hostPort',
    detail: `${namedContainers(bad)} ${verb} ${plural('hostPort', ports.length)} ${ports.join(', ')}`,
  }
}

/** A probe of another host than the pod's own is a request made with the node's rights. */
const hostProbes: CheckPod = ({ spec }) => {
  const hostsOf = (container: AnyContainer) => {
    const { livenessProbe, readinessProbe, startupProbe, lifecycle } = container
    return [
      livenessProbe,
      readinessProbe,
      startupProbe,
      lifecycle?.postStart,
      lifecycle?.preStop,
    ].flatMap((one) => [one?.httpGet?.host, one?.tcpSocket?.host].flatMap((host) => host || []))
  }
  const bad = containersThat(spec, (container) => hostsOf(container).length > 0)
  if (bad.length === 0) return undefined
  const hosts = sortedSet(bad.flatMap(hostsOf))
  const names = quoted(sortedSet(bad.map(({ name }) => name)))
  const verb = plural('uses', bad.length, 'use')
  return {
    reason: 'probe or lifecycle host',
    detail: `${plural('container', bad.length)} ${names} ${verb} ${plural('probe or lifecycle host', hosts.length)} ${quoted(hosts)}`,
  }
}

const privileged: CheckPod = ({ spec }) => {
  const bad = containersThat(spec, ({ securityContext }) => securityContext?.privileged === true)
  if (bad.length === 0) return undefined
  const detail = `${namedContainers(bad)} must not set securityContext.privileged=true`
  return { reason: 'privileged', detail }
}

export const procMount: CheckPod = ({ spec }) => {
  const mountOf = ({ securityContext }: AnyContainer) => securityContext?.procMount ?? 'Default'
  const bad = containersThat(spec, (container) => mountOf(container) !== 'Default')
  if (bad.length === 0) return undefined
  const kinds = quoted(sortedSet(bad.map(mountOf)))
  return {
    reason: 'procMount',
    detail: `${namedContainers(bad)} must not set securityContext.procMount to ${kinds}`,
  }
}

/** Root in a user namespace of its own is nobody outside. */
export const hasOwnUsers = ({ hostUsers }: PodSpec): boolean => hostUsers === false

const procMountUnlessOwnUsers: CheckPod = (pod) =>
  hasOwnUsers(pod.spec) ? undefined : procMount(pod)

const SYSCTLS_1_0 = [
  'kernel.shm_rmid_forced',
  'net.ipv4.ip_local_port_range',
  'net.ipv4.tcp_syncookies',
  'net.ipv4.ping_group_range',
  'net.ipv4.ip_unprivileged_port_start',
]
const SYSCTLS_1_27 = [...SYSCTLS_1_0, 'net.ipv4.ip_local_reserved_ports']
const SYSCTLS_1_29 = [
  ...SYSCTLS_1_27,
  'net.ipv4.tcp_keepalive_time',
  'net.ipv4.tcp_fin_timeout',
  'net.ipv4.tcp_keepalive_intvl',
  'net.ipv4.tcp_keepalive_probes',
]
const SYSCTLS_1_32 = [...SYSCTLS_1_29, 'net.ipv4.tcp_rmem', 'net.ipv4.tcp_wmem']

const sysctls =
  (allowed: readonly string[]): CheckPod =>
  ({ spec }) => {
    const names = (spec.securityContext?.sysctls ?? []).map(({ name }) => name)
    const bad = names.filter((name) => !allowed.includes(name))
    return bad.length === 0 ? undefined : { reason: 'forbidden sysctls', detail: bad.join(', ') }
  }

const windowsHostProcess: CheckPod = ({ spec }) => {
  const isBad = ({ securityContext }: Pick<PodSpec, 'securityContext'> | AnyContainer) =>
    securityContext?.windowsOptions?.hostProcess === true
  const who = setters(isBad(spec), allContainers(spec).filter(isBad))
  if (who === undefined) return undefined
  const detail = `${who} must not set securityContext.windowsOptions.hostProcess=true`
  return { reason: 'hostProcess', detail }
}

const SELINUX_TYPES_1_0 = ['', 'container_t', 'container_init_t', 'container_kvm_t']
const SELINUX_TYPES_1_31 = [...SELINUX_TYPES_1_0, 'container_engine_t']

/** In the order in which violations are told. */
export const BASELINE_CHECKS: readonly Check[] = [
  { id: 'appArmorProfile', versions: [[0, appArmorProfile]] },
  { id: 'capabilities_baseline', versions: [[0, capabilities]] },
  { id: 'hostNamespaces', versions: [[0, hostNamespaces]] },
  { id: 'hostPathVolumes', versions: [[0, hostPathVolumes]] },
  { id: 'hostPorts', versions: [[0, hostPorts]] },
  { id: 'hostProbesAndHostLifecycle', versions: [[34, hostProbes]] },
  { id: 'privileged', versions: [[0, privileged]] },
  {
    id: 'procMount',
    versions: [
      [0, procMount],
      [35, procMountUnlessOwnUsers],
    ],
  },
  {
    id: 'seLinuxOptions',
    versions: [
      [0, seLinuxOptions(SELINUX_TYPES_1_0)],
      [31, seLinuxOptions(SELINUX_TYPES_1_31)],
    ],
  },
  {
    id: 'seccompProfile_baseline',
    versions: [
      [0, seccompAnnotations],
      [19, seccompBaseline],
    ],
  },
  {
    id: 'sysctls',
    versions: [
      [0, sysctls(SYSCTLS_1_0)],
      [27, sysctls(SYSCTLS_1_27)],
      [29, sysctls(SYSCTLS_1_29)],
      [32, sysctls(SYSCTLS_1_32)],
    ],
  },
  { id: 'windowsHostProcess', versions: [[0, windowsHostProcess]] },
]
