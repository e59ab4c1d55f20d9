// Profiles of seccomp and AppArmor, system controls and host namespaces that a pod asks for.
import type { FieldError } from '../definition.ts'
import type { AppArmorProfile, PodSpec, SeccompProfile, Sysctl } from '../k8s/core.ts'
import { duplicate, forbidden, invalid, notSupported, required, tooLong } from './field-error.ts'
import { validateRelativePath } from './volume-files.ts'

const TYPES = ['Localhost', 'RuntimeDefault', 'Unconfined']
const APPARMOR_PATH_MAX = 4095
const SYSCTL_LENGTH_MAX = 253
const SYSCTL = /^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[\\./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$/
/** As the message prints the pattern. */
const SYSCTL_SHOWN = '^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[\\./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$'
const NO_HOST_USERS = 'when `pod.Spec.HostUsers` is false'

/** Which controls the kernel keeps for each namespace of a kind. */
const NAMESPACED = {
  hostIPC: /^(?:kernel\.(?:shm|msg|sem)|fs\.mqueue\.)/,
  hostNetwork: /^net\./,
} as const satisfies Partial<Record<keyof PodSpec, RegExp>>

export function validateSeccomp(profile: SeccompProfile | undefined, field: string): FieldError[] {
  if (profile === undefined) return []
  const { type, localhostProfile } = profile
  const at = `${field}.localhostProfile`
  const errors: FieldError[] = []
  if (!type) errors.push(required(`${field}.type`, 'type is required when seccompProfile is set'))
  else if (!TYPES.includes(type)) errors.push(notSupported(`${field}.type`, type, TYPES))
  if (type === 'Localhost')
    errors.push(
      ...(localhostProfile === undefined
        ? [required(at, 'must be set when seccomp type is Localhost')]
        : validateRelativePath(localhostProfile, at)),
    )
  else if (localhostProfile !== undefined)
    errors.push(invalid(at, profile, 'can only be set when seccomp type is Localhost'))
  return errors
}

function validateAppArmorPath(path: string | undefined, field: string): FieldError[] {
  if (path === undefined || path === '')
    return [required(field, 'must be set when AppArmor type is Localhost')]
  const errors: FieldError[] = []
  if (path.trim() !== path) errors.push(invalid(field, path, 'must not be padded with whitespace'))
  if (Buffer.byteLength(path) > APPARMOR_PATH_MAX) errors.push(tooLong(field, APPARMOR_PATH_MAX))
  return errors
}

export function validateAppArmor(
  profile: AppArmorProfile | undefined,
  field: string,
): FieldError[] {
  if (profile === undefined) return []
  const { type, localhostProfile } = profile
  if (!type) return [required(`${field}.type`, 'type is required when appArmorProfile is set')]
  if (!TYPES.includes(type)) return [notSupported(`${field}.type`, type, TYPES)]
  const at = `${field}.localhostProfile`
  if (type === 'Localhost') return validateAppArmorPath(localhostProfile, at)
  return localhostProfile === undefined
    ? []
    : [invalid(at, localhostProfile, 'can only be set when AppArmor type is Localhost')]
}

function validateSysctlName(name: string, field: string, seen: Set<string>): FieldError[] {
  if (!name) return [required(field)]
  if (name.length > SYSCTL_LENGTH_MAX || !SYSCTL.test(name))
    return [
      invalid(
        field,
        name,
        `must have at most ${SYSCTL_LENGTH_MAX} characters and match regex ${SYSCTL_SHOWN}`,
      ),
    ]
  return seen.has(name) ? [duplicate(field, name)] : []
}

/** A pod in a namespace of the host must not change it. */
export function validateSysctls(spec: PodSpec, field: string): FieldError[] {
  const seen = new Set<string>()
  return (spec.securityContext?.sysctls ?? []).flatMap(({ name }: Sysctl, index) => {
    const at = `${field}[${index}].name`
    const errors = validateSysctlName(name, at, seen)
    seen.add(name)
    const dotted = name.replaceAll('/', '.')
    for (const [host, pattern] of Object.entries(NAMESPACED))
      if (spec[host as keyof typeof NAMESPACED] && pattern.test(dotted))
        errors.push(invalid(at, name, `may not be specified when '${host}' is true`))
    return errors
  })
}

/** Users of its own do not go with other namespaces of the host. */
export function validateHostUsers(spec: PodSpec, field: string): FieldError[] {
  if (spec.hostUsers !== false) return []
  // Kubernetes writes the last two paths with a capital.
  const others: readonly (readonly [name: string, isUsed: boolean | undefined])[] = [
    ['hostNetwork', spec.hostNetwork],
    ['HostPID', spec.hostPID],
    ['HostIPC', spec.hostIPC],
  ]
  return others
    .filter(([, isUsed]) => isUsed)
    .map(([name]) => forbidden(`${field}.${name}`, NO_HOST_USERS))
}
