// What Kubernetes warns of in a pod or a template of pods, though it takes it: pkg/api/pod/warnings.go.
import type { Affinity, PodAffinityTerm, PodSpec, PodTemplateSpec } from '../k8s/core.ts'
import type { KubeObject } from '../object.ts'
import { addressWarnings } from './addresses.ts'
import { byteWarnings, containerWarnings, portWarnings } from './containers.ts'
import { deprecatedLabel, labelWarnings, nodeTermWarnings } from './node-labels.ts'
import { overlapWarnings, volumeSourceWarnings } from './volumes.ts'

const ANNOTATIONS: readonly (readonly [key: string, why: string])[] = [
  [
    'scheduler.alpha.kubernetes.io/critical-pod',
    'non-functional in v1.16+; use the "priorityClassName" field instead',
  ],
  [
    'security.alpha.kubernetes.io/sysctls',
    'non-functional in v1.11+; use the "sysctls" field instead',
  ],
  [
    'security.alpha.kubernetes.io/unsafe-sysctls',
    'non-functional in v1.11+; use the "sysctls" field instead',
  ],
]
const SECCOMP = 'seccomp.security.alpha.kubernetes.io/pod'
const REQUIRED = 'requiredDuringSchedulingIgnoredDuringExecution'
const PREFERRED = 'preferredDuringSchedulingIgnoredDuringExecution'
const MATCHES_NOTHING = 'a null labelSelector results in matching no pod'

/** `prefix` is the path to the template, with a dot behind it; empty for a pod. */
export function podWarnings(
  { metadata, spec }: Pick<PodTemplateSpec, 'metadata' | 'spec'>,
  prefix = '',
): string[] {
  if (spec === undefined) return []
  const at = `${prefix}spec`
  const grace = spec.terminationGracePeriodSeconds ?? 0
  return [
    ...labelWarnings(spec.nodeSelector, (key) => `${at}.nodeSelector[${key}]`),
    ...nodeAffinityWarnings(spec.affinity, `${at}.affinity.nodeAffinity`),
    ...spreadWarnings(spec, `${at}.topologySpreadConstraints`),
    ...ANNOTATIONS.filter(([key]) => metadata?.annotations?.[key] !== undefined).map(
      ([key, why]) => `${prefix}metadata.annotations[${key}]: ${why}`,
    ),
    ...volumeSourceWarnings(spec.volumes ?? [], `${at}.volumes`),
    ...overlapWarnings(spec.volumes ?? []),
    ...hostAliasWarnings(spec, `${at}.hostAliases`),
    ...pullSecretWarnings(spec, `${at}.imagePullSecrets`),
    ...byteWarnings(spec.overhead, `${at}.overhead`),
    ...(metadata?.annotations?.[SECCOMP] !== undefined &&
    spec.securityContext?.seccompProfile === undefined
      ? [
          `${prefix}metadata.annotations[${SECCOMP}]: non-functional in v1.27+; use the "seccompProfile" field instead`,
        ]
      : []),
    ...containerWarnings(spec, { metadata, prefix }),
    ...portWarnings(spec, at),
    ...(grace < 0
      ? [
          `${at}.terminationGracePeriodSeconds: must be >= 0; negative values are invalid and will be treated as 1`,
        ]
      : []),
    ...podAffinityWarnings(spec.affinity, `${at}.affinity`),
    ...(spec.dnsConfig?.nameservers ?? []).flatMap((address, index) =>
      addressWarnings(address, `${at}.dnsConfig.nameservers[${index}]`),
    ),
    ...(spec.hostAliases ?? []).flatMap(({ ip }, index) =>
      addressWarnings(ip, `${at}.hostAliases[${index}].ip`),
    ),
  ]
}

function nodeAffinityWarnings(affinity: Affinity | undefined, field: string): string[] {
  const { [REQUIRED]: required, [PREFERRED]: preferred } = affinity?.nodeAffinity ?? {}
  return [
    ...(required?.nodeSelectorTerms ?? []).flatMap((term, index) =>
      nodeTermWarnings(term, `${field}.${REQUIRED}.nodeSelectorTerms[${index}]`, {
        checksValues: false,
      }),
    ),
    ...(preferred ?? []).flatMap(({ preference }, index) =>
      nodeTermWarnings(preference, `${field}.${PREFERRED}[${index}].preference`, {
        checksValues: true,
      }),
    ),
  ]
}

function spreadWarnings({ topologySpreadConstraints = [] }: PodSpec, field: string): string[] {
  return topologySpreadConstraints.flatMap(({ topologyKey, labelSelector }, index) => [
    ...deprecatedLabel(topologyKey).map(
      (why) => `${field}[${index}].topologyKey: ${topologyKey} is ${why}`,
    ),
    ...(labelSelector === undefined
      ? [`${field}[${index}].labelSelector: ${MATCHES_NOTHING}`]
      : []),
  ])
}

/** The second and later ones of a name. */
function repeated(names: readonly string[]): { index: number; name: string }[] {
  return names
    .map((name, index) => ({ index, name }))
    .filter(({ index, name }) => names.indexOf(name) < index)
}

function hostAliasWarnings({ hostAliases = [] }: PodSpec, field: string): string[] {
  return repeated(hostAliases.map(({ ip }) => ip)).map(
    ({ index, name }) => `${field}[${index}].ip: duplicate ip ${JSON.stringify(name)}`,
  )
}

function pullSecretWarnings({ imagePullSecrets = [] }: PodSpec, field: string): string[] {
  const names = imagePullSecrets.map(({ name = '' }) => name)
  return [
    ...repeated(names).map(
      ({ index, name }) => `${field}[${index}].name: duplicate name ${JSON.stringify(name)}`,
    ),
    ...names.flatMap((name, index) =>
      name === '' ? [`${field}[${index}].name: invalid empty name ""`] : [],
    ),
  ]
}

const isUnselective = ({ labelSelector }: PodAffinityTerm): boolean => labelSelector === undefined

function podAffinityWarnings(affinity: Affinity | undefined, field: string): string[] {
  return (['podAffinity', 'podAntiAffinity'] as const).flatMap((kind) => {
    const { [REQUIRED]: required = [], [PREFERRED]: preferred = [] } = affinity?.[kind] ?? {}
    const at = `${field}.${kind}`
    return [
      ...required.flatMap((term, index) =>
        isUnselective(term)
          ? [`${at}.${REQUIRED}[${index}].labelSelector: ${MATCHES_NOTHING}`]
          : [],
      ),
      ...preferred.flatMap(({ podAffinityTerm }, index) =>
        isUnselective(podAffinityTerm)
          ? [`${at}.${PREFERRED}[${index}].podAffinityTerm.labelSelector: ${MATCHES_NOTHING}`]
          : [],
      ),
    ]
  })
}

/** Of a kind with a template: told again only when what is asked for changed. */
export function templateWarnings<T extends KubeObject>(
  object: T,
  old: T | undefined,
  template: PodTemplateSpec | undefined,
  field = 'spec.template',
): string[] {
  const isSame = old !== undefined && old.metadata.generation === object.metadata.generation
  return template === undefined || isSame ? [] : podWarnings(template, `${field}.`)
}
