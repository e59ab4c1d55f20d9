// What a pod counts for in quotas, and which scopes it is in.
import type { Container, Pod, ScopedResourceSelectorRequirement } from '../k8s/core.ts'
import { matchesRequirements } from '../label-selector.ts'
import type { Quantity } from '../object.ts'
import { qosClassOf } from '../pod-resources.ts'
import type { Amounts } from './amounts.ts'
import { podAmounts } from './pod-amounts.ts'
import { HUGE_PAGES, isExtendedResource } from './resources.ts'

const COMPUTE = ['cpu', 'memory', 'ephemeral-storage'] as const

const NAMES = new Set([
  'count/pods',
  'pods',
  ...COMPUTE.flatMap((name) => [name, `requests.${name}`, `limits.${name}`]),
])

/** Whether a quota of this resource is about pods. */
export const isOfPods = (name: string): boolean =>
  NAMES.has(name) ||
  name.startsWith(HUGE_PAGES) ||
  name.startsWith(`requests.${HUGE_PAGES}`) ||
  (name.startsWith('requests.') && isExtendedResource(name.slice('requests.'.length)))

/** Requests and limits under the names that quotas have for them. */
function computeUsage(requests: Amounts, limits: Amounts): Record<string, Quantity> {
  const usage: Record<string, Quantity> = {}
  for (const [name, amount] of Object.entries(requests)) {
    const isPages = name.startsWith(HUGE_PAGES)
    if ((COMPUTE as readonly string[]).includes(name) || isPages) usage[name] = amount
    if (usage[name] !== undefined || isExtendedResource(name)) usage[`requests.${name}`] = amount
  }
  for (const name of COMPUTE) {
    const limit = limits[name]
    if (limit !== undefined) usage[`limits.${name}`] = limit
  }
  return usage
}

/** A pod that has ended, or should have by now, takes nothing but its place in storage. */
function isCharged({ metadata, status }: Pod, nowMs: number): boolean {
  if (status?.phase === 'Failed' || status?.phase === 'Succeeded') return false
  const { deletionTimestamp, deletionGracePeriodSeconds } = metadata
  if (deletionTimestamp === undefined || deletionGracePeriodSeconds === undefined) return true
  return nowMs <= Date.parse(deletionTimestamp) + deletionGracePeriodSeconds * 1000
}

export function podUsage(pod: Pod, nowMs: number): Amounts {
  const stored = { 'count/pods': '1' }
  if (!isCharged(pod, nowMs)) return stored
  const compute = computeUsage(podAmounts(pod.spec, 'requests'), podAmounts(pod.spec, 'limits'))
  return { ...stored, pods: '1', ...compute }
}

/** Whether the pod ends by itself after some time. */
export const isTerminating = ({ spec }: Pod): boolean => (spec.activeDeadlineSeconds ?? -1) >= 0

export function isPodInScope(selector: ScopedResourceSelectorRequirement, pod: Pod): boolean {
  switch (selector.scopeName) {
    case 'Terminating':
      return isTerminating(pod)
    case 'NotTerminating':
      return !isTerminating(pod)
    case 'BestEffort':
      return qosClassOf(pod) === 'BestEffort'
    case 'NotBestEffort':
      return qosClassOf(pod) !== 'BestEffort'
    case 'PriorityClass':
      return isOfPriority(selector, pod.spec.priorityClassName)
    case 'CrossNamespacePodAffinity':
      return usesOtherNamespaces(pod)
    default:
      return false
  }
}

const OPERATORS = { In: 'in', NotIn: 'notin', Exists: 'exists', DoesNotExist: '!' } as const

function isOfPriority(
  { operator, values = [] }: ScopedResourceSelectorRequirement,
  name: string | undefined,
): boolean {
  if (operator === 'Exists') return Boolean(name)
  const labels = name ? { PriorityClass: name } : undefined
  const requirement = { key: 'PriorityClass', operator: OPERATORS[operator], values }
  return matchesRequirements([requirement], labels)
}

function usesOtherNamespaces({ spec: { affinity } }: Pod): boolean {
  const terms = [affinity?.podAffinity, affinity?.podAntiAffinity].flatMap((one) => [
    ...(one?.requiredDuringSchedulingIgnoredDuringExecution ?? []),
    ...(one?.preferredDuringSchedulingIgnoredDuringExecution ?? []).map(
      ({ podAffinityTerm }) => podAffinityTerm,
    ),
  ])
  return terms.some(
    ({ namespaces, namespaceSelector }) =>
      (namespaces?.length ?? 0) > 0 || namespaceSelector !== undefined,
  )
}

/** Of these a quota wants to be told by every container. Others count as nothing when left out. */
const REQUIRED = new Set([
  'cpu',
  'memory',
  'requests.cpu',
  'requests.memory',
  'limits.cpu',
  'limits.memory',
])

/** What containers leave out of the resources that a quota bounds: "must specify cpu for: a,b". */
export function missingAmounts({ spec }: Pod, bounded: readonly string[]): string | undefined {
  if (Object.keys({ ...spec.resources?.requests, ...spec.resources?.limits }).length > 0)
    return undefined
  const containers = [...spec.containers, ...(spec.initContainers ?? [])]
  const lacking = (name: string) =>
    containers.filter((container) => usageOfContainer(container)[name] === undefined)
  const parts = bounded
    .filter((name) => REQUIRED.has(name) && lacking(name).length > 0)
    .toSorted()
    .map((name) => {
      const names = new Set(lacking(name).map((container) => container.name))
      return `${name} for: ${[...names].toSorted().join(',')}`
    })
  return parts.length === 0 ? undefined : `must specify ${parts.join('; ')}`
}

const usageOfContainer = ({ resources }: Container): Amounts =>
  computeUsage(resources?.requests ?? {}, resources?.limits ?? {})
