// What becomes of an object whose owners change: it stays, loses references, or is deleted. Pure.
import { hasFinalizer, isDeleting } from '#kinds/meta.ts'
import type { OwnerReference } from '#kinds/k8s/meta.ts'
import type { KubeObject } from '#kinds/object.ts'

export const FOREGROUND = 'foregroundDeletion'
export const ORPHAN = 'orphan'

export type OwnerState =
  | 'solid'
  /** There is no object with that uid any more. */
  | 'absent'
  /** It is being deleted and waits for its dependents to go first. */
  | 'waiting'

export interface OwnedSnapshot {
  object: KubeObject
  stateOf: (owner: OwnerReference) => OwnerState
  dependents: readonly KubeObject[]
}

export type CollectionAction =
  | { type: 'keep' }
  | { type: 'drop-owners'; ownerReferences: OwnerReference[] }
  /** `isCycle`: what waits for it to go waits for itself by way of it. */
  | { type: 'delete'; policy: 'Orphan' | 'Foreground' | 'Background'; isCycle: boolean }
  /** Its deletion waits for these. */
  | { type: 'wait-for'; dependents: readonly KubeObject[] }
  | { type: 'drop-finalizer'; finalizer: string }
  /** Its dependents are to live on without it. */
  | { type: 'orphan'; dependents: readonly KubeObject[] }

const blocks = (dependent: KubeObject, owner: KubeObject): boolean =>
  (dependent.metadata.ownerReferences ?? []).some(
    ({ uid, blockOwnerDeletion }) => uid === owner.metadata.uid && blockOwnerDeletion === true,
  )

export function planCollection(snapshot: OwnedSnapshot): CollectionAction {
  return isDeleting(snapshot.object) ? planDeleting(snapshot) : planOwned(snapshot)
}

function planDeleting({ object, dependents }: OwnedSnapshot): CollectionAction {
  if (hasFinalizer(object, ORPHAN))
    return dependents.length > 0
      ? { type: 'orphan', dependents }
      : { type: 'drop-finalizer', finalizer: ORPHAN }
  if (!hasFinalizer(object, FOREGROUND)) return { type: 'keep' }
  const blocking = dependents.filter((dependent) => blocks(dependent, object))
  return blocking.length > 0
    ? { type: 'wait-for', dependents }
    : { type: 'drop-finalizer', finalizer: FOREGROUND }
}

function planOwned({ object, stateOf, dependents }: OwnedSnapshot): CollectionAction {
  const owners = object.metadata.ownerReferences ?? []
  if (owners.length === 0) return { type: 'keep' }
  const states = owners.map((owner) => ({ owner, state: stateOf(owner) }))
  const solid = states.filter(({ state }) => state === 'solid').map(({ owner }) => owner)
  if (solid.length === owners.length) return { type: 'keep' }
  if (solid.length > 0) return { type: 'drop-owners', ownerReferences: solid }
  // An owner that waits wants all below it to be gone, not only this object.
  const isAwaited = states.some(({ state }) => state === 'waiting')
  if (isAwaited && dependents.length > 0) {
    const isCycle = dependents.some((one) => isDeleting(one) && hasFinalizer(one, FOREGROUND))
    return { type: 'delete', policy: 'Foreground', isCycle }
  }
  const remove = (policy: 'Orphan' | 'Foreground' | 'Background'): CollectionAction => ({
    type: 'delete',
    policy,
    isCycle: false,
  })
  if (hasFinalizer(object, ORPHAN)) return remove('Orphan')
  return remove(hasFinalizer(object, FOREGROUND) ? 'Foreground' : 'Background')
}
