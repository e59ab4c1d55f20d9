import { alreadyExists, badRequest } from '#base/errors.ts'
import type { ManagedFieldsEntry } from '#kinds/k8s/meta.ts'
import type { KubeObject } from '#kinds/object.ts'
import type { Admitted } from '../admission/run-admission.ts'
import { admit, validateAdmission } from '../admission/run-admission.ts'
import { invalidObject } from '../api-errors.ts'
import { readObject } from '../body.ts'
import type { Asker, Call, ClusterContext, Draft, Outcome } from '../context.ts'
import { apiLimits } from '../limits.ts'
import { generatedName, identify, startMetadata } from '../objects/metadata.ts'
import { oneInVersion, toBeStored } from '../objects/in-version.ts'
import type { Stored } from '../objects/object-storage.ts'
import { withRevision } from '../objects/object-storage.ts'
import { setManaged, trackUpdate } from '../apply/track-update.ts'
import { writerOf } from '../apply/writer.ts'
import { prepareWrite } from '../objects/prepare-write.ts'
import type { WriteOptions } from '../request-options.ts'
import { admissionExtras, readWriteOptions } from '../request-options.ts'
import type { ServedResource } from '../resources.ts'
import { keyFor, resourceName, shown } from '../resources.ts'

export async function createFromRequest(
  context: ClusterContext,
  call: Call,
  resource: ServedResource,
  namespace: string | undefined,
): Promise<Outcome> {
  if (resource.namespaced && namespace === undefined)
    throw badRequest('namespace is required to create this kind of object')
  const options = readWriteOptions(call.request.query, 'CreateOptions')
  const draft = readObject(call, resource, options.fieldValidation)
  const created = await create(context, call, { resource, namespace, draft, options })
  call.warnings.push(...(resource.definition.warnings?.(created.object, undefined) ?? []))
  return {
    type: 'object',
    status: 201,
    ...created,
    object: shown(resource, created.object),
    resource,
  }
}

export interface Created {
  object: KubeObject
  /** Absent on a dry run. */
  stored?: Stored
}

export interface Creation {
  resource: ServedResource
  namespace: string | undefined
  draft: Draft
  options: WriteOptions
  /** Who manages what; else it is who creates it. */
  managedFields?: ManagedFieldsEntry[] | undefined
}

/** Stores a new object; on a dry run gives what would have been stored. */
export async function create(
  context: ClusterContext,
  call: Asker,
  creation: Creation,
): Promise<Created> {
  const { draft, resource, namespace } = creation
  startMetadata(draft, resource, namespace)
  const { name, generateName } = draft.metadata
  if (name || !generateName) return createNamed(context, call, creation)
  for (let tries = 1; ; tries++) {
    draft.metadata.name = generatedName(generateName, context.random)
    try {
      const named = { ...creation, draft: structuredClone(draft), isNameGenerated: true }
      return await createNamed(context, call, named)
    } catch (error) {
      const taken = error instanceof Error && 'reason' in error && error.reason === 'AlreadyExists'
      if (!taken || tries === apiLimits.generateNameTriesMax) throw error
    }
  }
}

async function createNamed(
  context: ClusterContext,
  call: Asker,
  creation: Creation & { isNameGenerated?: boolean },
): Promise<Created> {
  const { draft, resource, namespace, options, isNameGenerated } = creation
  const { definition } = resource
  identify(draft, resource, context)
  definition.defaults(draft)
  setManaged(draft, creation.managedFields ?? managedByCreator(context, call, creation))
  const { user } = call
  prepareWrite(context, resource, { draft, old: undefined, subresource: undefined, user })
  const admitted = await admit(context.admission, {
    operation: 'CREATE',
    group: resource.group,
    version: resource.version,
    kind: resource.kind,
    resource: resource.plural,
    subresource: undefined,
    namespace,
    name: draft.metadata.name ?? '',
    isNameGenerated,
    object: draft,
    old: undefined,
    user: call.user,
    warnings: call.warnings,
    dryRun: options.dryRun,
    ...admissionExtras(call, 'CreateOptions'),
  })
  try {
    definition.derive?.(draft)
    const errors = definition.validate(draft, undefined)
    if (errors.length > 0) throw invalidObject(resource, draft.metadata.name ?? '', errors)
    await validateAdmission(context.admission, admitted)
    return await store(context, { draft, resource, namespace, options }, admitted)
  } catch (error) {
    admitted.abandon()
    throw error
  }
}

function managedByCreator(context: ClusterContext, call: Asker, { resource, draft }: Creation) {
  const { resources } = context
  const step = { resources, resource, subresource: undefined, live: undefined, next: draft }
  return trackUpdate(step, undefined, writerOf(context, call))
}

async function store(
  context: ClusterContext,
  { draft, resource, namespace, options }: Creation,
  admitted: Admitted,
): Promise<Created> {
  const { name } = draft.metadata
  const key = keyFor(resource, namespace, name)
  const joined = admitted.joined()
  if (options.dryRun) {
    if (context.objects.getAccepted(key) !== undefined)
      throw alreadyExists(resourceName(resource), name)
    admitted.abandon()
    return { object: withRevision(draft, undefined) }
  }
  const toStore = resource.conversion === undefined ? draft : await toBeStored(resource, draft)
  const written = await context.objects.write(key, toStore, 0, joined)
  if (!written.ok) throw alreadyExists(resourceName(resource), name)
  const stored = await oneInVersion(resource, written.stored)
  return { object: stored.object, stored }
}
