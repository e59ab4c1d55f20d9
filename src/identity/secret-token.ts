// Opaque tokens: random, shown once, kept only as a hash.
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'

const tokenBytes = 32

/** 256 random bits that fit into a header, a URL and a file name. */
export function newSecretToken(): string {
  return randomBytes(tokenBytes).toString('base64url')
}

/** SHA-256 in hex. No salt and no slow hash: a token has too much entropy to be guessed. */
export function hashToken(token: string): string {
  return createHash('sha256').update(token).digest('hex')
}

/** Compares without telling by its time how much of the two is equal. */
export function equalSecrets(one: string, other: string): boolean {
  // Hashes have one length, as timingSafeEqual wants it, and do not tell the secrets' lengths.
  const digest = (text: string) => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(one), digest(other))
}
