// Read, change, write: what update, patch and most subresources share.
import { conflict, notFound } from '#base/errors.ts'
import { limits } from '#base/limits.ts'
import type { Subresource } from '#kinds/definition.ts'
import type { KubeObject } from '#kinds/object.ts'
import { deepEqual } from '#kinds/validate/equal.ts'
import type { Admitted } from '../admission/run-admission.ts'
import { admit, validateAdmission } from '../admission/run-admission.ts'
import { invalidObject } from '../api-errors.ts'
import type { Asker, ClusterContext, Draft, Target } from '../context.ts'
import { admissionExtras } from '../request-options.ts'
import { carryMetadata, countGeneration, isReleased } from '../objects/metadata.ts'
import { oneInVersion, toBeStored } from '../objects/in-version.ts'
import type { Stored } from '../objects/object-storage.ts'
import { setManaged, trackUpdate } from '../apply/track-update.ts'
import { writerOf } from '../apply/writer.ts'
import { prepareWrite } from '../objects/prepare-write.ts'
import { keyFor, resourceName, type ServedResource } from '../resources.ts'

export interface Replacement {
  target: Target
  dryRun: boolean
  /** The new object, a copy of its own, made from the newest one; called again after a conflict. */
  change: (current: Stored) => Draft
  /** The server's own change (a binding): the kind's rules for what clients may change do not hold. */
  byServer?: boolean
  /** `change` says who manages what. */
  isApply?: boolean
}

export interface Replaced {
  object: KubeObject
  /** Absent on a dry run, and when the change let the object go. */
  stored?: Stored
}

/**
 * Replaces an object by what `change` makes of it. A version in the new object must be the current one;
 * without one a write that came in between only means another try.
 */
export async function replace(
  context: ClusterContext,
  call: Asker,
  replacement: Replacement,
): Promise<Replaced> {
  const { target, dryRun, change } = replacement
  const { resource, name, namespace } = target
  const key = keyFor(resource, namespace, name)
  for (let tries = 1; tries <= limits.conflictRetriesMax; tries++) {
    const stored = context.objects.getAccepted(key)
    if (stored === undefined) throw notFound(resourceName(resource), name)
    const current =
      resource.conversion === undefined ? stored : await oneInVersion(resource, stored)
    const draft = change(current)
    checkVersion(draft, current, target)
    const admitted = await prepare(context, call, { ...replacement, current, draft })
    try {
      await validateAdmission(context.admission, admitted)
      const change = { resource, current: stored, draft, dryRun }
      const replaced = await commit(context, change, admitted)
      if (dryRun || replaced === undefined) admitted.abandon()
      if (replaced === undefined) continue
      if (target.subresource === undefined)
        call.warnings?.push(
          ...(resource.definition.warnings?.(replaced.object, current.object) ?? []),
        )
      return replaced
    } catch (error) {
      admitted.abandon()
      throw error
    }
  }
  throw conflict(resourceName(resource), name)
}

function checkVersion(draft: Draft, current: Stored, { resource, name }: Target): void {
  const given = draft.metadata.resourceVersion
  const actual = current.object.metadata.resourceVersion
  if (given && given !== '0' && given !== actual) throw conflict(resourceName(resource), name)
  draft.metadata.resourceVersion = actual
}

interface Preparation extends Replacement {
  current: Stored
  draft: Draft
}

async function prepare(
  context: ClusterContext,
  call: Asker,
  { target, dryRun, current, draft, byServer, isApply }: Preparation,
): Promise<Admitted> {
  const { resource, name, namespace, subresource } = target
  const { definition } = resource
  const old = current.object
  const given = draft.metadata.managedFields
  carryMetadata(draft, old)
  if (byServer !== true) {
    definition.defaults(draft)
    const step = { resources: context.resources, resource, subresource, live: old, next: draft }
    setManaged(draft, isApply === true ? given : trackUpdate(step, given, writerOf(context, call)))
    prepareWrite(context, resource, { draft, old, subresource, user: call.user })
  }
  const admitted = await admit(context.admission, {
    operation: 'UPDATE',
    group: resource.group,
    version: resource.version,
    kind: resource.kind,
    resource: resource.plural,
    subresource,
    namespace,
    name,
    object: draft,
    old,
    user: call.user,
    warnings: call.warnings,
    dryRun,
    ...admissionExtras(call, 'UpdateOptions'),
    ...(byServer === true ? { byServer } : {}),
  })
  if (byServer === true) return admitted
  countGeneration(draft, old, resource)
  const errors = definition.validate(draft, old, subresource as Subresource | undefined)
  if (errors.length > 0) {
    admitted.abandon()
    throw invalidObject(resource, name, errors)
  }
  return admitted
}

interface Change {
  resource: ServedResource
  /** As it is stored. */
  current: Stored
  draft: Draft
  dryRun: boolean
}

/** Undefined when another write came first. */
async function commit(
  context: ClusterContext,
  { resource, current, draft, dryRun }: Change,
  admitted: Admitted,
): Promise<Replaced | undefined> {
  if (dryRun) {
    admitted.joined()
    return { object: draft }
  }
  if (isReleased(draft)) {
    const removed = await context.objects.remove(current.key, current.revision)
    return removed.ok ? { object: draft } : undefined
  }
  const isConverted = resource.conversion !== undefined
  const toStore = isConverted ? await toBeStored(resource, draft) : draft
  if (deepEqual(toStore, current.object)) {
    // What is answered as written must be on disk, also when an earlier request wrote it.
    if (current.revision > context.objects.revision) await context.objects.settled()
    return replacedBy(await oneInVersion(resource, current))
  }
  const written = await context.objects.write(
    current.key,
    toStore,
    current.revision,
    admitted.joined(),
  )
  return written.ok ? replacedBy(await oneInVersion(resource, written.stored)) : undefined
}

const replacedBy = (stored: Stored): Replaced => ({ object: stored.object, stored })
