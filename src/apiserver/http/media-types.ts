import type { PatchType } from '#base/api-call.ts'
import { unsupportedBody } from '../api-errors.ts'

const PATCH_TYPES: readonly PatchType[] = [
  'application/json-patch+json',
  'application/merge-patch+json',
  'application/strategic-merge-patch+json',
  'application/apply-patch+yaml',
]

const typeOf = (contentType: string | undefined): string =>
  (contentType ?? '').split(';')[0]!.trim().toLowerCase()

export function patchTypeOf(contentType: string | undefined): PatchType | undefined {
  return PATCH_TYPES.find((one) => one === typeOf(contentType))
}

const BODY_TYPES = [
  'application/json',
  'application/yaml',
  'application/vnd.kubernetes.protobuf',
] as const

export type BodyMediaType = (typeof BODY_TYPES)[number]

export function bodyMediaType(contentType: string | undefined): BodyMediaType {
  const type = typeOf(contentType) || 'application/json'
  const known = BODY_TYPES.find((one) => one === type)
  if (known === undefined) throw unsupportedBody(BODY_TYPES)
  return known
}
