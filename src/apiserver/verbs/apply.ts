// Server-side apply of an object: it is made when it is not there.
import { badRequest, isReason, StatusError } from '#base/errors.ts'
import type { KubeObject, Metadata } from '#kinds/object.ts'
import { required } from '#kinds/validate/field-error.ts'
import { type Applied, applyConfig } from '../apply/apply-config.ts'
import { problemsOf } from '../apply/check-config.ts'
import { ItemError } from '../apply/list-items.ts'
import { setManaged } from '../apply/track-update.ts'
import { manageable, typeOf } from '../apply/typed-object.ts'
import { writerOf } from '../apply/writer.ts'
import { checkAccess } from '../authorization/check-access.ts'
import { invalidOption } from '../api-errors.ts'
import { isRecord, parseBody, toDraft } from '../body.ts'
import type { Call, ClusterContext, Draft, Outcome, Target } from '../context.ts'
import { apiLimits } from '../limits.ts'
import { readWriteOptions, type WriteOptions } from '../request-options.ts'
import { keyFor, shown } from '../resources.ts'
import { create } from './create.ts'
import { replace } from './replace.ts'

type Config = Record<string, unknown> & { metadata: Record<string, unknown> }

export async function applyPatch(
  context: ClusterContext,
  call: Call,
  target: Target,
): Promise<Outcome> {
  const options = readApplyOptions(call)
  const config = readConfig(call, target, options)
  return applyTo(context, call, { target, options, config })
}

export function readApplyOptions({ request: { query } }: Call): WriteOptions {
  const options = readWriteOptions(query, 'PatchOptions')
  if (!query.get('fieldManager'))
    throw invalidOption('PatchOptions', required('fieldManager', 'is required for apply patch'))
  return options
}

export interface ApplyTo {
  target: Target
  options: WriteOptions
  /** In the version of the target. */
  config: Record<string, unknown>
}

/** Applies a configuration that was checked. */
export async function applyTo(
  context: ClusterContext,
  call: Call,
  { target, options, config }: ApplyTo,
): Promise<Outcome> {
  const { query } = call.request
  const application = {
    config,
    force: query.get('force') === 'true',
    writer: writerOf(context, call),
  }
  const { resource, subresource } = target
  const applied = (live: KubeObject | undefined): Applied =>
    onLive(target, () =>
      applyConfig(
        {
          resources: context.resources,
          resource,
          subresource,
          live,
          shown: (object) => shown(resource, object),
        },
        application,
        (object) => readStored(resource, object),
      ),
    )
  return write(context, call, { target, options, applied })
}

/** What is stored may hold items that cannot be told apart: nothing can be applied over those. */
function onLive<T>({ resource, namespace = '', name }: Target, work: () => T): T {
  try {
    return work()
  } catch (error) {
    if (!(error instanceof ItemError)) throw error
    throw new StatusError(
      'Unknown',
      `failed to create typed live object (${namespace}/${name}; ${resource.apiVersion}, Kind=${resource.kind}): ${error.message}`,
      { cause: error },
    )
  }
}

interface Write {
  target: Target
  options: WriteOptions
  applied: (live: KubeObject | undefined) => Applied
}

/** Creates or changes, whichever it is by then: others create and delete meanwhile. */
async function write(
  context: ClusterContext,
  call: Call,
  { target, options, applied }: Write,
): Promise<Outcome> {
  const { resource, namespace, name, subresource } = target
  const key = keyFor(resource, namespace, name)
  const answer = (status: number, written: { object: KubeObject }): Outcome => ({
    type: 'object',
    status,
    ...written,
    object: shown(resource, written.object),
    resource,
  })
  for (let tries = 1; ; tries++) {
    const isThere = context.objects.getAccepted(key) !== undefined
    try {
      if (isThere || subresource !== undefined) {
        const change = ({ object }: { object: KubeObject }) => draftOf(target, applied(object))
        const { dryRun } = options
        return answer(200, await replace(context, call, { target, dryRun, change, isApply: true }))
      }
      checkCreate(context, call, target)
      const made = applied(undefined)
      const draft = draftOf(target, made)
      const { managedFields } = made
      const creation = { resource, namespace, draft, options, managedFields }
      const created = await create(context, call, creation)
      call.warnings.push(...(resource.definition.warnings?.(created.object, undefined) ?? []))
      return answer(201, created)
    } catch (error) {
      const isOvertaken = isThere ? isReason(error, 'NotFound') : isReason(error, 'AlreadyExists')
      if (!isOvertaken || tries === apiLimits.applyTriesMax) throw error
    }
  }
}

/** Who may patch may not create for that. */
function checkCreate(
  { authorizer }: ClusterContext,
  { user }: Call,
  { resource, namespace, name }: Target,
): void {
  const { group, version, plural } = resource
  checkAccess(authorizer, user, {
    type: 'resource',
    verb: 'create',
    group,
    version,
    resource: plural,
    subresource: undefined,
    namespace,
    name,
  })
}

function draftOf({ resource }: Target, { object, managedFields }: Applied): Draft {
  const draft = readStored(resource, object)
  setManaged(draft, managedFields)
  return draft
}

/** Unknown fields of what is there already are nobody's fault. */
const readStored = (resource: Target['resource'], value: Record<string, unknown>): Draft =>
  toDraft(resource, { value, repeated: [] }, { fieldValidation: 'Ignore', warnings: [] })

function readConfig(
  { request: { body }, warnings }: Call,
  { resource, namespace, name }: Target,
  { fieldValidation }: WriteOptions,
): Config {
  const { value, repeated } = parseBody(body, resource.kind)
  for (const problem of repeated) {
    if (fieldValidation === 'Ignore') break
    const text = `error strict decoding YAML: error converting YAML to JSON: ${problem}`
    if (fieldValidation === 'Strict') throw badRequest(text)
    warnings.push(text)
  }
  if (!isRecord(value)) throw badRequest('error decoding YAML: the patch is not an object')
  const { apiVersion, kind, metadata: given = {} } = value
  if (!isRecord(given)) throw badRequest('metadata must be an object')
  const { name: ownName, namespace: ownNamespace, managedFields } = given as Partial<Metadata>
  if (managedFields !== undefined) throw badRequest('metadata.managedFields must be nil')
  if (apiVersion !== resource.apiVersion)
    throw badRequest(
      `Incorrect version specified in apply patch. Specified patch version: ${String(apiVersion)}, expected: ${resource.apiVersion}`,
    )
  if (ownName !== undefined && ownName !== name)
    throw badRequest(
      `the name of the object (${ownName}) does not match the name on the URL (${name})`,
    )
  if (kind !== resource.kind) throw badRequest(`invalid object type: ${String(kind)}`)
  checkFields(resource, value, `${ownNamespace ?? ''}/${name}`)
  const metadata = { ...given, name, ...(namespace === undefined ? {} : { namespace }) }
  return { ...value, metadata }
}

function checkFields(
  resource: Target['resource'],
  config: Record<string, unknown>,
  name: string,
): void {
  const problems = problemsOf(typeOf(resource), manageable(config))
  if (problems.length === 0) return
  const listed =
    problems.length === 1
      ? problems[0]!
      : `errors:\n${problems.map((one) => `  ${one}`).join('\n')}`
  // Kubernetes answers this as an error of its own, without a reason.
  throw new StatusError(
    'Unknown',
    `failed to create typed patch object (${name}; ${resource.apiVersion}, Kind=${resource.kind}): ${listed}`,
  )
}
