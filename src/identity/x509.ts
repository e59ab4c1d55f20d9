// What all certificates of ccs have in common: the library, the algorithms, serials and key PEM.
import { createPrivateKey, KeyObject, randomBytes } from 'node:crypto'
import type { webcrypto } from 'node:crypto'
import type * as X509 from '@peculiar/x509'

export const keyAlgorithm = { name: 'ECDSA', namedCurve: 'P-256' } as const
export const signingAlgorithm = { name: 'ECDSA', hash: 'SHA-256' } as const

/**
 * Loaded when a certificate is made, which is rare: the library and its decorators would add a
 * quarter of a second to each start.
 */
export async function loadX509(): Promise<typeof X509> {
  await import('reflect-metadata')
  return import('@peculiar/x509')
}

/** A positive serial number with 126 random bits (RFC 5280, 4.1.2.2: positive, at most 20 octets). */
export function certificateSerial(): string {
  const bytes = randomBytes(16)
  bytes[0] = (bytes[0]! & 0x7f) | 0x40
  return bytes.toString('hex')
}

export function privateKeyPem(key: webcrypto.CryptoKey): string {
  return KeyObject.from(key).export({ type: 'pkcs8', format: 'pem' }) as string
}

/** The private key of a PEM as the certificate library wants it. */
export function signingKey(keyPem: string): webcrypto.CryptoKey {
  return createPrivateKey(keyPem).toCryptoKey(keyAlgorithm, false, ['sign'])
}

/**
 * A distinguished name that holds exactly these texts. The library would read a plain string as
 * notation: of `a"b"` it would keep `b`, and so make a certificate for somebody else.
 */
export function distinguishedName(
  library: typeof X509,
  parts: readonly { type: 'CN' | 'O'; text: string }[],
): X509.Name {
  return new library.Name(parts.map(({ type, text }) => ({ [type]: [{ utf8String: text }] })))
}
