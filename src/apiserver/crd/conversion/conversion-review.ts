// The ConversionReview that a webhook is asked with, and what it may make of the objects. Pure.
import type { KubeObject } from '#kinds/object.ts'
import { validateAnnotations, validateLabels } from '#kinds/validate/object-meta.ts'
import { isRecord } from '../../body.ts'

export interface ConversionQuestion {
  uid: string
  desiredAPIVersion: string
  objects: readonly KubeObject[]
}

const VERSIONS = ['v1', 'v1beta1']

/** The first version of ConversionReview that both know. Throws where there is none. */
export function reviewVersion(accepted: readonly string[]): string {
  const version = accepted.find((one) => VERSIONS.includes(one))
  if (version === undefined) throw new Error('no supported conversion review versions')
  return version
}

export const conversionReview = (version: string, request: ConversionQuestion) => ({
  kind: 'ConversionReview',
  apiVersion: `apiextensions.k8s.io/${version}`,
  request,
})

/** The converted objects, as many as were sent. Throws an Error that says what is wrong. */
export function readConverted(
  answer: unknown,
  { version, uid }: { version: string; uid: string },
): unknown[] {
  if (!isRecord(answer)) throw new Error('no response provided')
  const { kind, apiVersion, response } = answer
  const isExact = version === 'v1'
  if (isExact && (kind !== 'ConversionReview' || apiVersion !== 'apiextensions.k8s.io/v1'))
    throw new Error(
      `expected webhook response of apiextensions.k8s.io/v1, Kind=ConversionReview, got ${textOf(apiVersion)}, Kind=${textOf(kind)}`,
    )
  if (!isRecord(response)) throw new Error('no response provided')
  if (isExact && response['uid'] !== uid)
    throw new Error(`expected response.uid=${quoted(uid)}, got ${quoted(response['uid'])}`)
  const result = isRecord(response['result']) ? response['result'] : {}
  if (result['status'] !== 'Success')
    throw new Error(
      textOf(result['message']) ||
        `response.result.status was '${textOf(result['status'])}', not 'Success'`,
    )
  const { convertedObjects } = response
  return Array.isArray(convertedObjects) ? (convertedObjects as unknown[]) : []
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '')
const quoted = (value: unknown): string => JSON.stringify(textOf(value))

/** Which object of a review is judged, and what it was to become. */
export interface Judged {
  original: KubeObject
  apiVersion: string
  /** Its place in a list; undefined where one object alone was to be converted, of which messages say less. */
  index: number | undefined
}

/**
 * The converted object with the metadata of the original: of that a webhook changes labels and annotations
 * only. Throws an Error that ends a sentence about the webhook (apiextensions-apiserver webhook_converter.go).
 */
export function checkedObject(
  converted: unknown,
  { original, apiVersion, index }: Judged,
): KubeObject {
  const at = index === undefined ? 'object' : `converted object at index ${index}`
  const refuse = (why: string) => new Error(`returned invalid ${at}: ${why}`)
  const refuseKind = (why: string) =>
    index === undefined ? new Error(`returned invalid object at index 0: ${why}`) : refuse(why)
  if (!isRecord(converted)) throw refuse('it is no object')
  if (converted['apiVersion'] !== apiVersion)
    throw refuseKind(
      `invalid groupVersion (expected ${apiVersion}, received ${textOf(converted['apiVersion'])})`,
    )
  if (converted['kind'] !== original.kind)
    throw refuseKind(
      `invalid kind (expected ${original.kind}, received ${textOf(converted['kind'])})`,
    )
  const place = index === undefined ? '' : ` in object at index ${index}`
  const misplaced = (why: string) => new Error(`returned invalid metadata${place}: ${why}`)
  const { metadata } = converted
  const given = isRecord(metadata) ? metadata : {}
  for (const [field, name] of IDENTITY) {
    const [before = '', after] = [original.metadata[field], textOf(given[field])]
    if (before !== after) throw refuse(`must have the same ${name}: ${before} != ${after}`)
  }
  if (metadata === undefined) throw misplaced('missing metadata in converted object')
  if (!isRecord(metadata))
    throw misplaced(`invalid metadata of type ${goTypeOf(metadata)} in converted object`)
  return {
    ...(converted as unknown as KubeObject),
    metadata: mergedMetadata(original, metadata, misplaced),
  }
}

const IDENTITY = [
  ['name', 'name'],
  ['namespace', 'namespace'],
  ['uid', 'UID'],
] as const

function mergedMetadata(
  original: KubeObject,
  converted: Record<string, unknown>,
  refuse: (why: string) => Error,
): KubeObject['metadata'] {
  const metadata = { ...original.metadata }
  for (const field of ['labels', 'annotations'] as const) {
    const given = converted[field]
    delete metadata[field]
    if (given === undefined || given === null) continue
    if (!isRecord(given))
      throw refuse(`invalid metadata.${field} of type ${goTypeOf(given)} in converted object`)
    for (const [key, value] of Object.entries(given))
      if (typeof value !== 'string')
        throw refuse(
          `metadata.${field}[${key}] must be a string, but is ${goTypeOf(value)} in converted object`,
        )
    metadata[field] = given as Record<string, string>
  }
  const wrong = [
    ...validateLabels(metadata.labels, 'metadata.labels'),
    ...validateAnnotations(metadata.annotations, 'metadata.annotation'),
  ]
  if (wrong.length > 0)
    throw refuse(wrong.map(({ field, message }) => `${field}: ${message}`).join(', '))
  return metadata
}

/** What Kubernetes calls the type of a JSON value. */
function goTypeOf(value: unknown): string {
  if (value === null) return '<nil>'
  if (Array.isArray(value)) return '[]interface {}'
  if (typeof value === 'number') return Number.isInteger(value) ? 'int64' : 'float64'
  if (typeof value === 'boolean') return 'bool'
  return typeof value === 'string' ? 'string' : 'map[string]interface {}'
}
