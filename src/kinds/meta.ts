// Owners, finalizers and conditions of any object.
import type { OwnerReference } from './k8s/meta.ts'
import type { KubeObject } from './object.ts'
import type { KindRef } from './ref.ts'

/** "apps/v1", or "v1" for the core group. */
export const apiVersionOf = ({ group, version }: Pick<KindRef, 'group' | 'version'>): string =>
  group === '' ? version : `${group}/${version}`

type Owned = Pick<KubeObject, 'metadata'>

/** The owner that manages an object; there is at most one. */
export function controllerOf({ metadata }: Owned): OwnerReference | undefined {
  return metadata.ownerReferences?.find(({ controller }) => controller)
}

export function isControlledBy(object: Owned, owner: Owned): boolean {
  const controller = controllerOf(object)
  return controller !== undefined && controller.uid === owner.metadata.uid
}

/** The reference by which `owner` manages what it makes: deleted with it, and not before. */
export function controllerReference(owner: Owned, kind: KindRef): OwnerReference {
  const { name, uid } = owner.metadata
  if (uid === undefined)
    throw new TypeError(`${kind.kind} "${name}" has no uid: it is not stored yet`)
  return {
    apiVersion: apiVersionOf(kind),
    kind: kind.kind,
    name,
    uid,
    controller: true,
    blockOwnerDeletion: true,
  }
}

export const isDeleting = ({ metadata }: Owned): boolean => metadata.deletionTimestamp !== undefined

export const hasFinalizer = ({ metadata }: Owned, finalizer: string): boolean =>
  metadata.finalizers?.includes(finalizer) ?? false

/** Adds a finalizer in place; false when it was there. */
export function addFinalizer(object: Owned, finalizer: string): boolean {
  if (hasFinalizer(object, finalizer)) return false
  object.metadata.finalizers = [...(object.metadata.finalizers ?? []), finalizer]
  return true
}

/** Takes a finalizer away in place; false when it was not there. */
export function removeFinalizer(object: Owned, finalizer: string): boolean {
  if (!hasFinalizer(object, finalizer)) return false
  object.metadata.finalizers = object.metadata.finalizers!.filter((name) => name !== finalizer)
  return true
}

export interface AnyCondition {
  type: string
  status: string
  reason?: string | undefined
  message?: string | undefined
  lastTransitionTime?: string | undefined
  observedGeneration?: number | undefined
}

export function conditionOf<C extends AnyCondition>(
  conditions: readonly C[] | undefined,
  type: string,
): C | undefined {
  return conditions?.find((condition) => condition.type === type)
}

export function isConditionTrue(
  conditions: readonly AnyCondition[] | undefined,
  type: string,
): boolean {
  return conditionOf(conditions, type)?.status === 'True'
}

/**
 * The list with `condition` put in. Its time of transition is `now` (ms) when its status is new or
 * changed, and stays as it was otherwise. The list given is not changed, and returned as it is when
 * the condition says nothing new.
 */
export function withCondition<C extends AnyCondition>(
  conditions: readonly C[] | undefined,
  condition: Omit<C, 'lastTransitionTime'>,
  now: number,
): C[] {
  const list = (conditions ?? []) as C[]
  const previous = conditionOf(list, condition.type)
  const isSameStatus = previous !== undefined && previous.status === condition.status
  const time = (isSameStatus ? previous.lastTransitionTime : undefined) ?? timestampOf(now)
  // The type parameter only adds fields that `condition` already carries.
  const next = { ...condition, lastTransitionTime: time } as unknown as C
  if (previous === undefined) return [...list, next]
  if (isUnchanged(previous, next)) return list
  return list.map((existing) => (existing === previous ? next : existing))
}

function isUnchanged(previous: AnyCondition, next: AnyCondition): boolean {
  const [before, after] = [previous, next] as unknown as Record<string, unknown>[]
  return [...new Set([...Object.keys(before!), ...Object.keys(after!)])].every(
    (key) => before![key] === after![key],
  )
}

/** RFC 3339 in whole seconds, as Kubernetes' `metav1.Time`. */
export const timestampOf = (timeMs: number): string =>
  new Date(timeMs).toISOString().replace(/\.\d{3}Z$/, 'Z')

/** RFC 3339 in microseconds, as Kubernetes' `metav1.MicroTime`. */
export const microTimestampOf = (timeMs: number): string =>
  new Date(timeMs).toISOString().replace(/Z$/, '000Z')
