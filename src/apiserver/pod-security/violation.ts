// What a check of the Pod Security Standards finds, and how it is worded.
import type { Container, EphemeralContainer, PodSpec } from '#kinds/k8s/core.ts'
import type { ObjectMeta } from '#kinds/k8s/meta.ts'

export interface Violation {
  /** "hostPort" */
  reason: string
  /** "container \"web\" uses hostPort 80" */
  detail: string
}

/** A pod, or the template of one. */
export interface CheckedPod {
  metadata: Pick<ObjectMeta, 'annotations'>
  spec: PodSpec
}

export type AnyContainer = Container | EphemeralContainer

/** Undefined when there is nothing to object to. */
export type CheckPod = (pod: CheckedPod) => Violation | undefined

export interface Check {
  id: string
  /** Minor versions from which on each form holds, lowest first. */
  versions: readonly (readonly [minor: number, check: CheckPod])[]
  /** Checks that it replaces, from its first version on. */
  replaces?: string
}

export const allContainers = (spec: PodSpec): AnyContainer[] => [
  ...(spec.initContainers ?? []),
  ...(spec.containers ?? []),
  ...(spec.ephemeralContainers ?? []),
]

export const containersThat = (
  spec: PodSpec,
  isBad: (container: AnyContainer) => boolean,
): AnyContainer[] => allContainers(spec).filter(isBad)

export const plural = (word: string, count: number, many = `${word}s`): string =>
  count === 1 ? word : many

/** "a", "b" */
export const quoted = (items: readonly string[]): string =>
  items.map((item) => `"${item}"`).join(', ')

export const sortedSet = (items: Iterable<string>): string[] => [...new Set(items)].toSorted()

/** container "a" */
export const namedContainers = (containers: readonly AnyContainer[]): string =>
  `${plural('container', containers.length)} ${quoted(containers.map(({ name }) => name))}`

/** pod and containers "a", "b"; undefined when it was neither. */
export function setters(isPod: boolean, containers: readonly AnyContainer[]): string | undefined {
  const parts = isPod ? ['pod'] : []
  if (containers.length > 0) parts.push(namedContainers(containers))
  return parts.length === 0 ? undefined : parts.join(' and ')
}
