// Which objects belong to an owner with a selector: its own stay while they match, ones without a
// controller that match are adopted, its own that no longer match are released.
import { isReason } from '#base/errors.ts'
import type { Client } from '#client/types.ts'
import type { LabelSelector, OwnerReference } from '#kinds/k8s/meta.ts'
import { matchesLabelSelector } from '#kinds/label-selector.ts'
import { controllerOf, controllerReference, isDeleting } from '#kinds/meta.ts'
import type { KubeObject } from '#kinds/object.ts'
import type { KindRef } from '#kinds/ref.ts'

export interface Claims<T> {
  /** Owned now. */
  kept: T[]
  toAdopt: T[]
  toRelease: T[]
}

export function planClaims<T extends KubeObject>(
  owner: KubeObject,
  selector: LabelSelector,
  candidates: readonly T[],
): Claims<T> {
  const claims: Claims<T> = { kept: [], toAdopt: [], toRelease: [] }
  const ownerLeaves = isDeleting(owner)
  for (const object of candidates) {
    const controller = controllerOf(object)
    const matches = matchesLabelSelector(selector, object.metadata.labels)
    if (controller?.uid === owner.metadata.uid) {
      if (matches) claims.kept.push(object)
      else if (!ownerLeaves) claims.toRelease.push(object)
    } else if (controller === undefined && matches) {
      if (!ownerLeaves && !isDeleting(object)) claims.toAdopt.push(object)
    }
  }
  return claims
}

/** Carries claims out; resolves with what is owned then, in the order of names. */
export async function claim<O extends KubeObject, T extends KubeObject>(
  client: Client,
  owner: { object: O; kind: KindRef<O>; selector: LabelSelector },
  candidates: { objects: readonly T[]; kind: KindRef<T> },
): Promise<T[]> {
  const { kept, toAdopt, toRelease } = planClaims(owner.object, owner.selector, candidates.objects)
  const resource = client.resource(candidates.kind)
  const write = async (object: T, ownerReferences: OwnerReference[]): Promise<T | undefined> => {
    const { name, namespace, uid, resourceVersion } = object.metadata
    const metadata = { uid, resourceVersion, ownerReferences }
    try {
      return await resource.patch({ namespace, name }, { metadata })
    } catch (error) {
      if (isReason(error, 'NotFound')) return undefined
      throw error
    }
  }
  const owned = [...kept]
  if (toAdopt.length > 0 && (await isStillThere(client, owner))) {
    const reference = controllerReference(owner.object, owner.kind)
    for (const object of toAdopt) {
      const adopted = await write(object, [...(object.metadata.ownerReferences ?? []), reference])
      if (adopted) owned.push(adopted)
    }
  }
  for (const object of toRelease) {
    const others = (object.metadata.ownerReferences ?? []).filter(
      ({ uid }) => uid !== owner.object.metadata.uid,
    )
    await write(object, others)
  }
  return owned.toSorted((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1))
}

// Our copy may be old: an owner that was deleted since must not adopt anything.
async function isStillThere<O extends KubeObject>(
  client: Client,
  { object, kind }: { object: O; kind: KindRef<O> },
): Promise<boolean> {
  try {
    const newest = await client.resource(kind).get(object.metadata)
    return newest.metadata.uid === object.metadata.uid && !isDeleting(newest)
  } catch (error) {
    if (isReason(error, 'NotFound')) return false
    throw error
  }
}
