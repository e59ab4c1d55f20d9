// Checks of security profiles: AppArmor, SELinux, seccomp.
import {
  type AnyContainer,
  type CheckPod,
  allContainers,
  containersThat,
  namedContainers,
  plural,
  quoted,
  setters,
  sortedSet,
} from './violation.ts'
import type { PodSpec } from '#kinds/k8s/core.ts'

type Holder = Pick<PodSpec, 'securityContext'> | AnyContainer

const SAFE_TYPES = ['RuntimeDefault', 'Localhost']

const isUnsafe = (type: string | undefined): boolean =>
  type !== undefined && !SAFE_TYPES.includes(type)

const APP_ARMOR_PREFIX = 'container.apparmor.security.beta.kubernetes.io/'

const isSafeAppArmor = (value: string): boolean =>
  value === '' || value === 'runtime/default' || value.startsWith('localhost/')

export const appArmorProfile: CheckPod = ({ metadata, spec }) => {
  const typeOf = ({ securityContext }: Holder) => securityContext?.appArmorProfile?.type
  const bad = containersThat(spec, (container) => isUnsafe(typeOf(container)))
  const isPodBad = isUnsafe(typeOf(spec))
  const annotations = Object.entries(metadata.annotations ?? {})
    .filter(([key, value]) => key.startsWith(APP_ARMOR_PREFIX) && !isSafeAppArmor(value))
    .map(([key, value]) => `${key}=${JSON.stringify(value)}`)
    .toSorted()
  const who = [setters(isPodBad, bad)].flatMap((part) => part ?? [])
  if (annotations.length > 0) who.push(plural('annotation', annotations.length))
  if (who.length === 0) return undefined
  const types = [...(isPodBad ? [spec] : []), ...bad].flatMap((holder) => typeOf(holder) ?? [])
  const values = [...sortedSet(types), ...annotations]
  return {
    reason: plural('forbidden AppArmor profile', values.length),
    detail: `${who.join(' and ')} must not set AppArmor profile type to ${quoted(values)}`,
  }
}

export const seLinuxOptions =
  (types: readonly string[]): CheckPod =>
  ({ spec }) => {
    const optionsOf = ({ securityContext }: Holder) => securityContext?.seLinuxOptions
    const isBad = (holder: Holder) => {
      const options = optionsOf(holder)
      return (
        options !== undefined &&
        (!types.includes(options.type ?? '') || Boolean(options.user) || Boolean(options.role))
      )
    }
    const containers = allContainers(spec).filter(isBad)
    const who = setters(isBad(spec), containers)
    if (who === undefined) return undefined
    const options = [spec, ...containers].flatMap((holder) => optionsOf(holder) ?? [])
    const badTypes = sortedSet(options.flatMap(({ type }) => type ?? [])).filter(
      (type) => !types.includes(type),
    )
    // Kubernetes names user and role only beside a type.
    const parts =
      badTypes.length === 0
        ? []
        : [
            `${plural('type', badTypes.length)} ${quoted(badTypes)}`,
            ...(options.some(({ user }) => user) ? ['user may not be set'] : []),
            ...(options.some(({ role }) => role) ? ['role may not be set'] : []),
          ]
    return {
      reason: 'seLinuxOptions',
      detail: `${who} set forbidden securityContext.seLinuxOptions: ${parts.join('; ')}`,
    }
  }

const SECCOMP_POD = 'seccomp.security.alpha.kubernetes.io/pod'
const SECCOMP_CONTAINER = 'container.seccomp.security.alpha.kubernetes.io/'

const isSafeSeccomp = (value: string): boolean =>
  value === 'runtime/default' || value === 'docker/default' || value.startsWith('localhost/')

/** Before 1.19 the profile was an annotation. */
export const seccompAnnotations: CheckPod = ({ metadata, spec }) => {
  const keys = [
    SECCOMP_POD,
    ...allContainers(spec).map(({ name }) => `${SECCOMP_CONTAINER}${name}`),
  ]
  const bad = sortedSet(
    keys.flatMap((key) => {
      const value = metadata.annotations?.[key]
      return value === undefined || isSafeSeccomp(value) ? [] : [`${key}=${JSON.stringify(value)}`]
    }),
  )
  if (bad.length === 0) return undefined
  const detail = `forbidden ${plural('annotation', bad.length)} ${bad.join(', ')}`
  return { reason: 'seccompProfile', detail }
}

const seccompOf = ({ securityContext }: Holder): string | undefined =>
  securityContext?.seccompProfile?.type

export const seccompBaseline: CheckPod = ({ spec }) => {
  const bad = containersThat(spec, (container) => isUnsafe(seccompOf(container)))
  const isPodBad = isUnsafe(seccompOf(spec))
  const who = setters(isPodBad, bad)
  if (who === undefined) return undefined
  const types = [...(isPodBad ? [spec] : []), ...bad].flatMap((holder) => seccompOf(holder) ?? [])
  return {
    reason: 'seccompProfile',
    detail: `${who} must not set securityContext.seccompProfile.type to ${quoted(sortedSet(types))}`,
  }
}

export const seccompRestricted: CheckPod = (pod) => {
  const explicit = seccompBaseline(pod)
  if (explicit !== undefined || seccompOf(pod.spec) !== undefined) return explicit
  const unset = containersThat(pod.spec, (container) => seccompOf(container) === undefined)
  if (unset.length === 0) return undefined
  return {
    reason: 'seccompProfile',
    detail: `pod or ${namedContainers(unset)} must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost"`,
  }
}
