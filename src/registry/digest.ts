// Content digests as the OCI image spec writes them: "sha256:<hex>". Parsed strictly before any
// use, because a digest from a client ends up in look-ups and headers.
import { hash } from 'node:crypto'

const hexLengths = { sha256: 64, sha512: 128 } as const

export type DigestAlgorithm = keyof typeof hexLengths
export type Digest = `${DigestAlgorithm}:${string}`

const PATTERN = /^(sha256|sha512):([0-9a-f]+)$/

/** The digest that `text` writes in canonical form, or nothing. */
export function parseDigest(text: string): Digest | undefined {
  const match = PATTERN.exec(text)
  if (match === null) return undefined
  const expected = hexLengths[match[1] as DigestAlgorithm]
  return match[2]!.length === expected ? (text as Digest) : undefined
}

export function algorithmOf(digest: Digest): DigestAlgorithm {
  return digest.startsWith('sha512:') ? 'sha512' : 'sha256'
}

/** Digest of bytes already in memory; streams hash as they go. */
export function digestOf(bytes: Uint8Array, algorithm: DigestAlgorithm = 'sha256'): Digest {
  return `${algorithm}:${hash(algorithm, bytes, 'hex')}`
}
