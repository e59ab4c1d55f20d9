// Reads request bodies: JSON or YAML text, or a value of an in-process call.
import { YAMLError } from 'yaml'
import { badRequest, StatusError } from '#base/errors.ts'
import { apiLimits } from './limits.ts'
import { cannotBeHandled } from './api-errors.ts'
import type { Body, Call, Draft } from './context.ts'
import type { FieldValidation } from './request-options.ts'
import type { ServedResource } from './resources.ts'
import { DecodeError } from './schema/decode.ts'
import { DepthError, duplicateKeys } from './schema/json-text.ts'
import { readYamlText } from './schema/yaml-text.ts'

export interface ParsedBody {
  value: unknown
  /** What is wrong with keys that occur twice. */
  repeated: string[]
}

const parsed = new WeakMap<Body, unknown>()

/** What a body was read as, if anybody has read it; not to be changed. */
export function parsedBody(body: Body | undefined): unknown {
  if (body === undefined) return undefined
  return body.type === 'value' ? body.value : parsed.get(body)
}

/** `expected` names the kind for the message. */
export function parseBody(body: Body | undefined, expected: string): ParsedBody {
  if (body?.type === 'value') return { value: body.value, repeated: [] }
  const text = body?.text ?? ''
  const read =
    body?.mediaType === 'application/yaml' ? parseYamlText(text) : parseJson(text, expected)
  if (body !== undefined) parsed.set(body, read.value)
  return read
}

function parseJson(text: string, expected: string): ParsedBody {
  try {
    const value = JSON.parse(text) as unknown
    const paths = duplicateKeys(text, apiLimits.bodyDepthMax)
    return { value, repeated: paths.map((path) => `duplicate field ${JSON.stringify(path)}`) }
  } catch (error) {
    if (error instanceof DepthError) throw badRequest(error.message)
    if (!(error instanceof SyntaxError)) throw error
    throw badRequest(
      `the object provided is unrecognized (must be of type ${expected}): couldn't get version/kind; json parse error: ${goSyntaxError(text, error)} (${excerpt(text)})`,
      error,
    )
  }
}

/** Go's words for the commonest two syntax errors; V8's otherwise. */
function goSyntaxError(text: string, error: SyntaxError): string {
  if (text.trim() === '') return 'unexpected end of JSON input'
  const key = /^\s*\{\s*([^"}\s])/.exec(text)
  if (key !== null)
    return `invalid character '${key[1]}' looking for beginning of object key string`
  return error.message
}

const EXCERPT_LENGTH_MAX = 40

const excerpt = (text: string): string =>
  text === '' ? '<empty>' : text.slice(0, EXCERPT_LENGTH_MAX)

function parseYamlText(text: string): ParsedBody {
  try {
    const { value, repeatedKeys } = readYamlText(text)
    checkDepth(value, 0)
    return { value, repeated: repeatedKeys === undefined ? [] : [repeatedKeys] }
  } catch (error) {
    if (error instanceof DepthError) throw badRequest(error.message)
    // The library's limit on aliases is a ReferenceError.
    if (error instanceof YAMLError || error instanceof ReferenceError)
      throw badRequest(`error converting YAML to JSON: ${error.message}`, error)
    throw error
  }
}

function checkDepth(value: unknown, depth: number): void {
  if (typeof value !== 'object' || value === null) return
  if (depth >= apiLimits.bodyDepthMax)
    throw new DepthError(`nested deeper than ${apiLimits.bodyDepthMax} levels`)
  for (const item of Object.values(value)) checkDepth(item, depth + 1)
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The body as an object of `resource`: a copy, pruned, with kind and apiVersion filled in. */
export function readObject(
  call: Call,
  resource: ServedResource,
  fieldValidation: FieldValidation,
): Draft {
  const body = parseBody(call.request.body, resource.kind)
  return toDraft(resource, body, { fieldValidation, warnings: call.warnings })
}

export interface DraftOptions {
  fieldValidation: FieldValidation
  warnings: string[]
}

export function toDraft(
  resource: ServedResource,
  { value, repeated }: ParsedBody,
  options: DraftOptions,
): Draft {
  const { kind, version } = resource
  if (!isRecord(value))
    throw badRequest(
      `the object provided is unrecognized (must be of type ${kind}): the body is not an object`,
    )
  checkType(resource, value)
  const problems = [...repeated]
  try {
    const decoded = resource.decode(value)
    problems.push(...decoded.unknown.map((path) => `unknown field ${JSON.stringify(path)}`))
    reportFields(problems, options, (text) =>
      cannotBeHandled(kind, version, `strict decoding error: ${text}`),
    )
    return complete(resource, decoded.value)
  } catch (error) {
    if (error instanceof DecodeError) throw cannotBeHandled(kind, version, error.message)
    throw error
  }
}

function reportFields(
  problems: string[],
  { fieldValidation, warnings }: DraftOptions,
  refuse: (text: string) => StatusError,
): void {
  if (problems.length === 0 || fieldValidation === 'Ignore') return
  if (fieldValidation === 'Strict') throw refuse(problems.join(', '))
  warnings.push(...problems)
}

function complete(resource: ServedResource, value: Record<string, unknown>): Draft {
  const metadata = value['metadata']
  const object: Draft = {
    ...value,
    kind: resource.kind,
    apiVersion: resource.apiVersion,
    metadata: (isRecord(metadata) ? metadata : {}) as unknown as Draft['metadata'],
  }
  return (resource.form?.toStored(object) as Draft | undefined) ?? object
}

function checkType(resource: ServedResource, value: Record<string, unknown>): void {
  const kind = value['kind'] ?? resource.kind
  const apiVersion = value['apiVersion'] ?? resource.apiVersion
  if (typeof kind !== 'string' || typeof apiVersion !== 'string')
    throw badRequest('kind and apiVersion must be strings')
  const version = apiVersion.slice(apiVersion.indexOf('/') + 1)
  const refuse = (why: string) =>
    new StatusError(
      'BadRequest',
      `${kind} in version "${version}" cannot be handled as a ${resource.kind}: ${why}`,
    )
  if (apiVersion !== resource.apiVersion)
    throw refuse(
      `no kind "${kind}" is registered for version "${apiVersion}" in scheme "pkg/api/legacyscheme/scheme.go:30"`,
    )
  if (kind !== resource.kind)
    throw refuse(`converting (${version}.${kind}) to (core.${resource.kind}): unknown conversion`)
}
