// What never stands in an audit log, whatever the policy says: the bodies of requests whose purpose is a credential.
import type { RequestInfo } from '../request-info.ts'

const RESOURCES: ReadonlySet<string> = new Set([
  '/secrets',
  '/serviceaccounts/token',
  'authentication.k8s.io/tokenreviews',
])

export function isConfidential(info: RequestInfo): boolean {
  if (info.type === 'path') return false
  const { group, resource, subresource } = info
  const full = subresource === undefined ? resource : `${resource}/${subresource}`
  return RESOURCES.has(`${group}/${full}`)
}

/** Reasons whose messages are made of names alone; others may quote what was sent. */
const PLAIN_REASONS: ReadonlySet<string> = new Set([
  'Unauthorized',
  'Forbidden',
  'NotFound',
  'AlreadyExists',
  'Conflict',
  'MethodNotAllowed',
  'NotAcceptable',
  'UnsupportedMediaType',
  'RequestEntityTooLarge',
  'TooManyRequests',
])

export const isPlainReason = (reason: string | undefined): boolean =>
  reason !== undefined && PLAIN_REASONS.has(reason)
