import { conflict, notFound, badRequest } from '#base/errors.ts'
import { rfc3339 } from '#base/clock.ts'
import { limits } from '#base/limits.ts'
import type { KubeObject } from '#kinds/object.ts'
import { admit, validateAdmission } from '../admission/run-admission.ts'
import { successStatus } from '../api-errors.ts'
import type { Asker, Call, ClusterContext, Draft, Outcome, Target } from '../context.ts'
import { isReleased } from '../objects/metadata.ts'
import { oneInVersion } from '../objects/in-version.ts'
import type { Stored } from '../objects/object-storage.ts'
import type { DeleteRequest, Propagation } from '../request-options.ts'
import { admissionExtras, readDeleteOptions } from '../request-options.ts'
import { type ServedResource, keyFor, resourceName, shown } from '../resources.ts'
import { deletionMark } from './deletion-marks.ts'
import { gracePeriodSeconds, hasGracePeriod } from './grace-period.ts'

/** Of these Kubernetes answers a delete with the object also when it is gone at once. */
const RETURNED_WHEN_GONE = new Set([
  'pods',
  'services',
  'serviceaccounts',
  'persistentvolumeclaims',
  'resourcequotas',
  'podtemplates',
])

export async function deleteFromRequest(
  context: ClusterContext,
  call: Call,
  target: Target,
): Promise<Outcome> {
  const { resource, name } = target
  const options = readDeleteOptions(call)
  const { warning } = resource.definition.leavesDependents ?? {}
  if (warning !== undefined && options.propagation === undefined) call.warnings.push(warning)
  const result = await remove(context, call, target, options)
  const { object } = result
  if (result.gone && !(resource.group === '' && RETURNED_WHEN_GONE.has(resource.plural))) {
    const { uid } = object.metadata
    const details = {
      name,
      ...(resource.group === '' ? {} : { group: resource.group }),
      kind: resource.plural,
      ...(uid === undefined ? {} : { uid }),
    }
    return { type: 'object', status: 200, object: successStatus(undefined, details) }
  }
  return { type: 'object', status: 200, object: shown(resource, object), resource }
}

export interface Removal {
  object: KubeObject
  /** False when something holds the object still: a finalizer, a pod's grace period. */
  gone: boolean
}

export async function remove(
  context: ClusterContext,
  call: Asker,
  target: Target,
  options: DeleteRequest,
): Promise<Removal> {
  const { resource, namespace, name } = target
  const key = keyFor(resource, namespace, name)
  for (let tries = 1; tries <= limits.conflictRetriesMax; tries++) {
    const stored = context.objects.getAccepted(key)
    if (stored === undefined) throw notFound(resourceName(resource), name)
    // What is shown of it, and asked about it, is in the version of the request; its mark is not.
    const current =
      resource.conversion === undefined ? stored : await oneInVersion(resource, stored)
    checkPreconditions(current.object, target, options)
    await askAdmission(context, call, { target, old: current.object, dryRun: options.dryRun })
    const draft = markDeleted(context, stored.object, target, options)
    const result = await commit(context, { resource, current: stored, draft }, options.dryRun)
    if (result !== undefined) return shownRemoval(resource, result)
  }
  throw conflict(resourceName(resource), name)
}

async function shownRemoval(resource: ServedResource, removal: Removal): Promise<Removal> {
  const { conversion, apiVersion } = resource
  if (conversion === undefined) return removal
  const [object] = await conversion.convert([removal.object], apiVersion)
  return { ...removal, object: conversion.complete(object!, removal.object) }
}

function checkPreconditions(
  object: KubeObject,
  { resource, name }: Target,
  options: DeleteRequest,
): void {
  const { uid, resourceVersion } = object.metadata
  const refuse = (field: string, asked: string, actual: string) =>
    conflict(
      { group: resource.group, resource: resource.kind },
      name,
      `the ${field} in the precondition (${asked}) does not match the ${field} in record (${actual}). The object might have been ${field === 'UID' ? 'deleted and then recreated' : 'modified'}`,
    )
  if (options.uid !== undefined && options.uid !== uid) throw refuse('UID', options.uid, uid ?? '')
  if (options.resourceVersion !== undefined && options.resourceVersion !== resourceVersion)
    throw refuse('ResourceVersion', options.resourceVersion, resourceVersion ?? '')
}

interface DeleteSubject {
  target: Target
  old: KubeObject
  dryRun: boolean
}

async function askAdmission(
  context: ClusterContext,
  call: Asker,
  { target, old, dryRun }: DeleteSubject,
): Promise<void> {
  const { resource, namespace, name } = target
  const admitted = await admit(context.admission, {
    operation: 'DELETE',
    group: resource.group,
    version: resource.version,
    kind: resource.kind,
    resource: resource.plural,
    subresource: undefined,
    namespace,
    name,
    object: undefined,
    old,
    user: call.user,
    warnings: call.warnings,
    dryRun,
    ...admissionExtras(call, 'DeleteOptions'),
  })
  await validateAdmission(context.admission, admitted)
}

/** The object with its wish to go away written in; unchanged when it was there already. */
function markDeleted(
  context: ClusterContext,
  old: KubeObject,
  target: Target,
  options: DeleteRequest,
): KubeObject {
  const grace = gracePeriodSeconds(target.resource, old, options.gracePeriodSeconds)
  if (grace < 0) throw badRequest('gracePeriodSeconds must not be negative')
  const draft = structuredClone(old) as Draft
  const { metadata } = draft
  metadata.finalizers = finalizersFor(
    metadata.finalizers ?? [],
    options.propagation,
    target.resource.definition.leavesDependents !== undefined,
  )
  if (metadata.finalizers.length === 0) delete metadata.finalizers
  const now = context.clock.now()
  if (metadata.deletionTimestamp === undefined) {
    metadata.deletionTimestamp = rfc3339(now + grace * 1000)
    const markOwn = deletionMark(target.resource)
    if (markOwn === undefined) {
      metadata.deletionGracePeriodSeconds = grace
      if (metadata.generation !== undefined) metadata.generation++
    } else markOwn(draft, now)
  } else if (grace < (metadata.deletionGracePeriodSeconds ?? 0)) {
    // A second delete may shorten the time, never lengthen it.
    metadata.deletionTimestamp = rfc3339(
      Math.min(now + grace * 1000, Date.parse(metadata.deletionTimestamp)),
    )
    metadata.deletionGracePeriodSeconds = grace
  } else return draft
  return draft
}

const GC_FINALIZERS: Readonly<Record<Propagation, string | undefined>> = {
  Orphan: 'orphan',
  Foreground: 'foregroundDeletion',
  Background: undefined,
}

/** The garbage collector's finalizers follow the newest policy asked for. */
function finalizersFor(
  finalizers: string[],
  propagation: Propagation | undefined,
  leavesDependents: boolean,
): string[] {
  const others = finalizers.filter((one) => one !== 'orphan' && one !== 'foregroundDeletion')
  if (propagation === undefined && (!leavesDependents || others.length < finalizers.length))
    return finalizers
  const wanted = GC_FINALIZERS[propagation ?? 'Orphan']
  return wanted === undefined ? others : [...others, wanted]
}

interface Deletion {
  resource: ServedResource
  current: Stored
  draft: KubeObject
}

/** Undefined when another write came first. */
async function commit(
  context: ClusterContext,
  { resource, current, draft }: Deletion,
  dryRun: boolean,
): Promise<Removal | undefined> {
  const { key, revision } = current
  if (isReleased(draft)) {
    const removed = dryRun || (await context.objects.remove(key, revision)).ok
    // Where there are grace periods the answer tells which one was used.
    const object = hasGracePeriod(resource) ? draft : current.object
    return removed ? { object, gone: true } : undefined
  }
  if (dryRun || JSON.stringify(draft) === JSON.stringify(current.object)) {
    // The answer rests on a write that may still wait for the disk.
    if (revision > context.objects.revision) await context.objects.settled()
    return { object: draft, gone: false }
  }
  const written = await context.objects.write(key, draft, revision)
  return written.ok ? { object: written.stored.object, gone: false } : undefined
}
