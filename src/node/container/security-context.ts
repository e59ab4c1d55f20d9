// A pod's and a container's security context in the runtime's words.
import type { Container, Pod, SeccompProfile } from '#kinds/k8s/core.ts'
import type {
  ContainerConfig,
  NamespaceOptions,
  RuntimeImage,
  SandboxConfig,
  SecurityProfile,
} from '../runtime/runtime.ts'
import { ConfigError } from './config-error.ts'

type ContainerSecurity = ContainerConfig['linux']['securityContext']
type SandboxSecurity = SandboxConfig['linux']['securityContext']

/** What the OCI defaults of container runtimes hide from ordinary containers. */
const MASKED_PATHS = [
  '/proc/asound',
  '/proc/acpi',
  '/proc/interrupts',
  '/proc/kcore',
  '/proc/keys',
  '/proc/latency_stats',
  '/proc/timer_list',
  '/proc/timer_stats',
  '/proc/sched_debug',
  '/proc/scsi',
  '/sys/firmware',
  '/sys/devices/virtual/powercap',
]
const READONLY_PATHS = ['/proc/bus', '/proc/fs', '/proc/irq', '/proc/sys', '/proc/sysrq-trigger']

export function namespaceOptions({ spec }: Pod): NamespaceOptions {
  return {
    network: spec.hostNetwork === true ? 'NODE' : 'POD',
    pid: spec.hostPID === true ? 'NODE' : spec.shareProcessNamespace === true ? 'POD' : 'CONTAINER',
    ipc: spec.hostIPC === true ? 'NODE' : 'POD',
  }
}

function seccompOf(profile: SeccompProfile | undefined): SecurityProfile {
  if (profile === undefined) return { profileType: 'Unconfined' }
  const { type, localhostProfile } = profile
  if (type !== 'Localhost') return { profileType: type }
  return { profileType: type, localhostRef: localhostProfile ?? '' }
}

const groupsOf = ({ spec }: Pod): number[] => {
  const { supplementalGroups = [], fsGroup } = spec.securityContext ?? {}
  return fsGroup === undefined ? supplementalGroups : [...supplementalGroups, fsGroup]
}

const valued = <K extends string>(key: K, value: number | undefined) =>
  (value === undefined ? {} : { [key]: { value } }) as { [P in K]?: { value: number } }

const isPrivileged = ({ securityContext }: Container): boolean =>
  securityContext?.privileged ?? false

export function sandboxSecurity(pod: Pod): SandboxSecurity {
  const containers = [...(pod.spec.initContainers ?? []), ...pod.spec.containers]
  const context = pod.spec.securityContext
  return {
    namespaceOptions: namespaceOptions(pod),
    privileged: containers.some(isPrivileged),
    ...valued('runAsUser', context?.runAsUser),
    // The runtime takes a group only beside a user.
    ...(context?.runAsUser === undefined ? {} : valued('runAsGroup', context.runAsGroup)),
    supplementalGroups: groupsOf(pod),
    seccomp: { profileType: 'RuntimeDefault' },
  }
}

function checkNotRoot(pod: Pod, container: Container, image: RuntimeImage | undefined): void {
  const own = container.securityContext
  const whole = pod.spec.securityContext
  if (!(own?.runAsNonRoot ?? whole?.runAsNonRoot ?? false)) return
  const where = `(pod: "${pod.metadata.name}_${pod.metadata.namespace}(${pod.metadata.uid})", container: ${container.name})`
  const user = own?.runAsUser ?? whole?.runAsUser
  if (user === 0) throw new ConfigError(`container's runAsUser breaks non-root policy ${where}`)
  if (user !== undefined) return
  if (image !== undefined && image.username !== '')
    throw new ConfigError(
      `container has runAsNonRoot and image has non-numeric user (${image.username}), cannot verify user is non-root ${where}`,
    )
  if (image?.uid === undefined || image.uid === 0)
    throw new ConfigError(`container has runAsNonRoot and image will run as root ${where}`)
}

/** Whom a container runs as: as its pod says, else as its image does, and that is root unless it says so. */
function userOf(
  user: number | undefined,
  image: RuntimeImage | undefined,
): Pick<ContainerSecurity, 'runAsUser' | 'runAsUsername'> {
  const known = user ?? image?.uid
  if (known !== undefined) return { runAsUser: { value: known } }
  const name = image?.username ?? ''
  return name === '' ? { runAsUser: { value: 0 } } : { runAsUsername: name }
}

function noNewPrivileges({ securityContext }: Container): boolean {
  return securityContext?.allowPrivilegeEscalation === false
}

export function containerSecurity(
  pod: Pod,
  container: Container,
  image: RuntimeImage | undefined,
): ContainerSecurity {
  checkNotRoot(pod, container, image)
  const own = container.securityContext
  const whole = pod.spec.securityContext
  const privileged = isPrivileged(container)
  const unmasked = privileged || own?.procMount === 'Unmasked'
  return {
    capabilities: {
      addCapabilities: own?.capabilities?.add ?? [],
      dropCapabilities: own?.capabilities?.drop ?? [],
    },
    privileged,
    namespaceOptions: namespaceOptions(pod),
    ...userOf(own?.runAsUser ?? whole?.runAsUser, image),
    ...valued('runAsGroup', own?.runAsGroup ?? whole?.runAsGroup),
    readonlyRootfs: own?.readOnlyRootFilesystem ?? false,
    supplementalGroups: groupsOf(pod),
    noNewPrivs: noNewPrivileges(container),
    maskedPaths: unmasked ? [] : MASKED_PATHS,
    readonlyPaths: unmasked ? [] : READONLY_PATHS,
    seccomp: privileged
      ? { profileType: 'Unconfined' }
      : seccompOf(own?.seccompProfile ?? whole?.seccompProfile),
  }
}
