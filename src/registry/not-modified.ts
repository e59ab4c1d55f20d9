// Conditional requests. Content never changes under its digest, so the digest is the entity tag.
import type { Digest } from './digest.ts'
import type { RegistryRequest } from './http-message.ts'

export function entityTag(digest: Digest): string {
  return `"${digest}"`
}

/** Whether `If-None-Match` names the digest (RFC 9110 section 13.1.2: compared weakly). */
export function isNotModified({ headers }: RegistryRequest, digest: Digest): boolean {
  const wanted = headers['if-none-match']
  if (wanted === undefined) return false
  const tags = wanted.split(',').map((tag) => tag.trim().replace(/^W\//, ''))
  return tags.includes('*') || tags.includes(entityTag(digest))
}
