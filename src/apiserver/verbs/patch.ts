import type { PatchType } from '#base/api-call.ts'
import { badRequest, StatusError } from '#base/errors.ts'
import type { KubeObject } from '#kinds/object.ts'
import { invalid } from '#kinds/validate/field-error.ts'
import { invalidObject, unsupportedBody } from '../api-errors.ts'
import { isRecord, parseBody, toDraft } from '../body.ts'
import type { Call, ClusterContext, Draft, Outcome, Target } from '../context.ts'
import { apiLimits } from '../limits.ts'
import { goText } from '../patch/go-text.ts'
import { applyJsonPatch, isJsonPatch } from '../patch/json-patch.ts'
import { applyMergePatch } from '../patch/merge-patch.ts'
import { ElementOrderError, PatchError } from '../patch/patch-error.ts'
import { applyStrategicPatch } from '../patch/strategic.ts'
import type { WriteOptions } from '../request-options.ts'
import { readWriteOptions } from '../request-options.ts'
import type { ServedResource } from '../resources.ts'
import { shown } from '../resources.ts'
import { builtinSchemas } from '../schema/builtin-schemas.ts'
import { applyPatch } from './apply.ts'
import { replace } from './replace.ts'

const APPLY = 'application/apply-patch+yaml'

const ACCEPTED: readonly PatchType[] = [
  'application/json-patch+json',
  'application/merge-patch+json',
  'application/strategic-merge-patch+json',
  APPLY,
]

const acceptedBy = (resource: ServedResource): readonly PatchType[] =>
  resource.custom ? ACCEPTED.filter((type) => !type.includes('strategic')) : ACCEPTED

export async function patch(context: ClusterContext, call: Call, target: Target): Promise<Outcome> {
  if (call.request.patchType === APPLY) return applyPatch(context, call, target)
  const { resource } = target
  const options = readWriteOptions(call.request.query, 'PatchOptions')
  const apply = readPatch(call, resource)
  const replaced = await replace(context, call, {
    target,
    dryRun: options.dryRun,
    change: (current) => patched(shown(resource, current.object), apply, call, { target, options }),
  })
  return {
    type: 'object',
    status: 200,
    ...replaced,
    object: shown(resource, replaced.object),
    resource,
  }
}

export interface Patch {
  body: unknown
  /** What is wrong with keys of the patch that occur twice. */
  repeated: string[]
  isStrategic?: true
  /** What the patch makes of a document; may change the document given. */
  apply(document: Record<string, unknown>): unknown
}

/** The patch of a request, ready to be applied to any object of the resource. */
export function readPatch(
  call: Call,
  resource: Pick<ServedResource, 'custom' | 'schema' | 'kind'>,
): Patch {
  const type = call.request.patchType
  const accepted = acceptedBy(resource as ServedResource)
  if (type === undefined)
    throw new StatusError('UnsupportedMediaType', '415: Unsupported Media Type', { details: {} })
  if (!accepted.includes(type)) throw unsupportedBody(accepted)
  const { value: body, repeated } = parseBody(call.request.body, 'Patch')
  switch (type) {
    case 'application/json-patch+json':
      return { ...readJsonPatch(body), repeated }
    case 'application/merge-patch+json':
      return { body: asMap(body), repeated, apply: (document) => applyMergePatch(document, body) }
    default: {
      const fields = asMap(body)
      return {
        body,
        repeated,
        isStrategic: true,
        apply: (document) => applyStrategicPatch(builtinSchemas, resource.schema, document, fields),
      }
    }
  }
}

function asMap(body: unknown): Record<string, unknown> {
  if (isRecord(body)) return body
  throw badRequest('error decoding patch: the patch is not a JSON object')
}

function readJsonPatch(body: unknown): Omit<Patch, 'repeated'> {
  if (!isJsonPatch(body)) {
    const found = Array.isArray(body) ? 'an operation without op or path' : typeof body
    throw badRequest(
      `error decoding patch: json: cannot unmarshal ${found} into Go value of type []handlers.jsonPatchOp`,
    )
  }
  if (body.length > apiLimits.patchOperationsMax)
    throw new StatusError(
      'RequestEntityTooLarge',
      `The allowed maximum operations in a JSON patch is ${apiLimits.patchOperationsMax}, got ${body.length}`,
    )
  return { body, apply: (document) => applyJsonPatch(structuredClone(document), body) }
}

interface PatchSubject {
  target: Target
  options: WriteOptions
}

function patched(
  current: KubeObject,
  change: Patch,
  call: Call,
  { target, options }: PatchSubject,
): Draft {
  const { resource, name } = target
  const value = applyTo(current, change)
  const warnings: string[] = []
  const draft = decodePatched(resource, { change, value }, { ...options, warnings })
  // A try after a conflict finds the same fields again: they are told once.
  for (const warning of warnings) if (!call.warnings.includes(warning)) call.warnings.push(warning)
  if (draft.metadata.name !== name)
    throw invalidObject(resource, name, [
      invalid('metadata.name', draft.metadata.name, 'field is immutable'),
    ])
  return draft
}

function applyTo(current: KubeObject, change: Patch): unknown {
  try {
    return change.apply(current as Draft)
  } catch (error) {
    if (error instanceof ElementOrderError)
      throw new StatusError('Unknown', error.message, { cause: error })
    if (error instanceof PatchError)
      throw new StatusError(
        'Invalid',
        'the server rejected our request due to an error in our request',
        { details: {}, cause: error },
      )
    throw error
  }
}

interface PatchedValue {
  change: Patch
  value: unknown
}

/** Strategic merge reads into Go's fields itself, and then speaks of the type alone. */
function decodeReason(message: string, { isStrategic }: Patch): string {
  const why = message.replace(/^.*? cannot be handled as a .*?: /, '')
  const type = /^json: cannot unmarshal .* of type (\S+)$/.exec(why)?.[1]
  return isStrategic && type !== undefined ? `unrecognized type: ${type}` : why
}

/** Kubernetes writes the maps that a merge patch went through in the order of their keys. */
function inPatchedOrder(value: unknown, patch: unknown): unknown {
  if (!isRecord(value) || !isRecord(patch)) return value
  const entries = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1))
  return Object.fromEntries(entries.map(([key, item]) => [key, inPatchedOrder(item, patch[key])]))
}

/** What the patch made must still be of its kind: if not, it is the patch that is invalid. */
function decodePatched(
  resource: ServedResource,
  { change, value }: PatchedValue,
  options: WriteOptions & { warnings: string[] },
): Draft {
  try {
    return toDraft(resource, { value, repeated: change.repeated }, options)
  } catch (error) {
    if (!(error instanceof StatusError) || error.reason !== 'BadRequest') throw error
    const why = decodeReason(error.message, change)
    const shownValue = why.startsWith('strict decoding')
      ? JSON.stringify(inPatchedOrder(value, change.body))
      : goText(change.body)
    throw invalidObject({ group: '', kind: '' }, '', [invalid('patch', shownValue, why)])
  }
}
