// What a pod may ask for on the operating system that it names: validateOS, validateLinux and validateWindows
// of k8s.io/kubernetes pkg/apis/core/validation.
import type { FieldError } from '../definition.ts'
import type { PodSecurityContext, PodSpec, SecurityContext } from '../k8s/core.ts'
import { forbidden, notSupported, required } from './field-error.ts'

const NAMES = ['linux', 'windows']
const NOT_ON_LINUX = 'windows options cannot be set for a linux pod'
const NOT_ON_WINDOWS = 'cannot be set for a windows pod'

const POD_FIELDS = [
  'hostUsers',
  'hostPID',
  'hostIPC',
  'shareProcessNamespace',
] as const satisfies readonly (keyof PodSpec)[]
const POD_CONTEXT = [
  'appArmorProfile',
  'seLinuxOptions',
  'seccompProfile',
  'fsGroup',
  'fsGroupChangePolicy',
  'sysctls',
  'runAsUser',
  'runAsGroup',
  'supplementalGroups',
  'supplementalGroupsPolicy',
] as const satisfies readonly (keyof PodSecurityContext)[]
const CONTAINER_CONTEXT = [
  'appArmorProfile',
  'seLinuxOptions',
  'seccompProfile',
  'capabilities',
  'readOnlyRootFilesystem',
  'privileged',
  'allowPrivilegeEscalation',
  'procMount',
  'runAsUser',
  'runAsGroup',
] as const satisfies readonly (keyof SecurityContext)[]
const LISTS = ['initContainers', 'containers', 'ephemeralContainers'] as const

type Context = readonly [context: SecurityContext, field: string]

const contextsOf = (spec: PodSpec, field: string): Context[] =>
  LISTS.flatMap((list) =>
    (spec[list] ?? []).flatMap(({ securityContext }, index): Context[] =>
      securityContext === undefined
        ? []
        : [[securityContext, `${field}.${list}[${index}].securityContext`]],
    ),
  )

function validateLinux(spec: PodSpec, field: string): FieldError[] {
  const pod = [spec.securityContext, `${field}.securityContext`] as const
  return [pod, ...contextsOf(spec, field)]
    .filter(([context]) => context?.windowsOptions !== undefined)
    .map(([, at]) => forbidden(`${at}.windowsOptions`, NOT_ON_LINUX))
}

const isSet = (value: unknown): boolean =>
  Array.isArray(value) ? value.length > 0 : value !== undefined

function validateWindows(spec: PodSpec, field: string): FieldError[] {
  const errors: FieldError[] = []
  const { securityContext = {} } = spec
  for (const key of POD_CONTEXT)
    if (isSet(securityContext[key]))
      errors.push(forbidden(`${field}.securityContext.${key}`, NOT_ON_WINDOWS))
  for (const key of POD_FIELDS) {
    const isHost = key === 'hostPID' || key === 'hostIPC'
    if (isHost ? spec[key] : spec[key] !== undefined)
      errors.push(forbidden(`${field}.${key}`, NOT_ON_WINDOWS))
  }
  for (const [context, at] of contextsOf(spec, field))
    for (const key of CONTAINER_CONTEXT)
      if (context[key] !== undefined) errors.push(forbidden(`${at}.${key}`, NOT_ON_WINDOWS))
  return errors
}

export function validateOperatingSystem(spec: PodSpec, field: string): FieldError[] {
  if (spec.os === undefined) return []
  const { name } = spec.os
  if (!name) return [required(`${field}.os.name`, 'cannot be empty')]
  if (!NAMES.includes(name)) return [notSupported(`${field}.os`, name, NAMES)]
  return name === 'linux' ? validateLinux(spec, field) : validateWindows(spec, field)
}
