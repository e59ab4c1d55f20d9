// Bodies of subresources: kinds of their own that are never stored.
import { badRequest } from '#base/errors.ts'
import { cannotBeHandled } from '../api-errors.ts'
import { isRecord, parseBody } from '../body.ts'
import type { Call } from '../context.ts'
import { builtinSchemas } from '../schema/builtin-schemas.ts'
import { DecodeError, decodeBySchema } from '../schema/decode.ts'

export interface BodyKind {
  kind: string
  apiVersion: string
  schema: string
}

/** The body as `T`, which the schema describes; null where there is none. */
export function readBodyAs<T>(call: Call, { kind, apiVersion, schema }: BodyKind): T {
  const { value } = parseBody(call.request.body, kind)
  return decodeBodyAs<T>(value, { kind, apiVersion, schema })
}

export function decodeBodyAs<T>(value: unknown, { kind, apiVersion, schema }: BodyKind): T {
  if (!isRecord(value)) throw badRequest(`the body must be a ${kind}`)
  const given = { kind: value['kind'] ?? kind, apiVersion: value['apiVersion'] ?? apiVersion }
  if (given.kind !== kind || given.apiVersion !== apiVersion)
    throw badRequest(
      `the body must be a ${kind} of ${apiVersion}, not ${JSON.stringify(given.kind)} of ${JSON.stringify(given.apiVersion)}`,
    )
  try {
    const decoded = decodeBySchema(builtinSchemas, schema, value).value
    return { ...decoded, kind, apiVersion, metadata: decoded['metadata'] ?? {} } as T
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error
    const version = apiVersion.slice(apiVersion.indexOf('/') + 1)
    throw cannotBeHandled(kind, version, error.message)
  }
}
