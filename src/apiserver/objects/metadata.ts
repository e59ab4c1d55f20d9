// What the server itself writes into the metadata of objects.
import { badRequest } from '#base/errors.ts'
import { rfc3339 } from '#base/clock.ts'
import type { Random } from '#base/random.ts'
import { deepEqual } from '#kinds/validate/equal.ts'
import type { KubeObject } from '#kinds/object.ts'
import type { ClusterContext, Draft } from '../context.ts'
import type { ServedResource } from '../resources.ts'

const NAME_LENGTH_MAX = 63
const SUFFIX_LENGTH = 5

/** `generateName` with a random end, cut so that the whole stays a label. */
export function generatedName(base: string, random: Random): string {
  return base.slice(0, NAME_LENGTH_MAX - SUFFIX_LENGTH) + random.suffix(SUFFIX_LENGTH)
}

/** Puts a new object into its namespace and drops what only the server may say. */
export function startMetadata(
  draft: Draft,
  resource: ServedResource,
  namespace: string | undefined,
): void {
  const { metadata } = draft
  if (metadata.resourceVersion)
    throw badRequest('resourceVersion should not be set on objects to be created')
  placeInNamespace(draft, resource, namespace)
  for (const key of SERVER_FIELDS) delete metadata[key]
}

const SERVER_FIELDS = [
  'uid',
  'resourceVersion',
  'generation',
  'creationTimestamp',
  'deletionTimestamp',
  'deletionGracePeriodSeconds',
  'selfLink',
  'managedFields',
] as const

export function placeInNamespace(
  draft: Draft,
  resource: ServedResource,
  namespace: string | undefined,
): void {
  if (!resource.namespaced) return
  const given = draft.metadata.namespace
  if (given && given !== namespace)
    throw badRequest(
      'the namespace of the provided object does not match the namespace sent on the request',
    )
  draft.metadata.namespace = namespace
}

export function identify(draft: Draft, resource: ServedResource, context: ClusterContext): void {
  draft.metadata.uid = context.random.uuid()
  draft.metadata.creationTimestamp = rfc3339(context.clock.now())
  if (resource.definition.hasGeneration) draft.metadata.generation = 1
}

/** Takes from the stored object what an update cannot change, where the client left it out. */
export function carryMetadata(draft: Draft, old: KubeObject): void {
  const { metadata } = draft
  metadata.uid ??= old.metadata.uid
  for (const key of CARRIED) {
    if (old.metadata[key] === undefined) delete metadata[key]
    else Object.assign(metadata, { [key]: old.metadata[key] })
  }
  delete metadata.selfLink
  if (old.metadata.managedFields === undefined) delete metadata.managedFields
  else metadata.managedFields = old.metadata.managedFields
}

const CARRIED = [
  'creationTimestamp',
  'deletionTimestamp',
  'deletionGracePeriodSeconds',
  'generation',
] as const

/** Counts the generation up when what the user asks for has changed. */
export function countGeneration(draft: Draft, old: KubeObject, resource: ServedResource): void {
  const { definition } = resource
  if (!definition.hasGeneration) return
  if (!deepEqual(wishOf(draft, resource), wishOf(old as Draft, resource)))
    draft.metadata.generation = (old.metadata.generation ?? 0) + 1
}

/** Of a custom object everything is its wish, but metadata and, if it has that subresource, status. */
function wishOf(object: Draft, resource: ServedResource): unknown {
  const { wish: ofKind } = resource.definition
  if (ofKind !== undefined) return ofKind(object)
  if (!resource.custom) return object['spec']
  const { metadata: _metadata, status, ...wish } = object
  return resource.definition.subresources.includes('status') ? wish : { ...wish, status }
}

/** Whether nothing holds a deleted object any longer. */
export function isReleased(object: KubeObject): boolean {
  const { deletionTimestamp, deletionGracePeriodSeconds, finalizers } = object.metadata
  if (deletionTimestamp === undefined || (finalizers?.length ?? 0) > 0) return false
  if ((deletionGracePeriodSeconds ?? 0) > 0) return false
  if (object.kind !== 'Namespace' || object.apiVersion !== 'v1') return true
  const spec = (object as Draft)['spec'] as { finalizers?: string[] } | undefined
  return (spec?.finalizers?.length ?? 0) === 0
}
