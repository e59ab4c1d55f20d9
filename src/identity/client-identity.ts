// Who a client certificate speaks for, if the given authority issued it.
import { X509Certificate } from 'node:crypto'

export interface ClientIdentity {
  username: string
  groups: string[]
}

/** id-kp-clientAuth (RFC 5280, 4.2.1.12). */
const clientAuthUsage = '1.3.6.1.5.5.7.3.2'

/**
 * The identity in `certificate` (DER or parsed), or undefined if `authorityPem` did not sign it, it
 * is not valid at `nowMs`, or it is not for clients.
 */
export function clientIdentity(
  certificate: Uint8Array | X509Certificate,
  authorityPem: string,
  nowMs: number,
): ClientIdentity | undefined {
  const leaf =
    certificate instanceof X509Certificate ? certificate : new X509Certificate(certificate)
  const authority = new X509Certificate(authorityPem)
  if (!leaf.checkIssued(authority) || !leaf.verify(authority.publicKey)) return undefined
  if (!isValidAt(leaf, nowMs) || !isValidAt(authority, nowMs)) return undefined
  if (!(leaf.keyUsage ?? []).includes(clientAuthUsage)) return undefined
  // The legacy form is the only one that Node gives parsed: text would have to be unescaped.
  const { CN, O } = leaf.toLegacyObject().subject
  const [username, ...otherNames] = listOf(CN)
  if (username === undefined || username === '' || otherNames.length > 0) return undefined
  return { username, groups: listOf(O) }
}

function isValidAt(certificate: X509Certificate, nowMs: number): boolean {
  return certificate.validFromDate.getTime() <= nowMs && nowMs <= certificate.validToDate.getTime()
}

function listOf(value: string | string[] | undefined): string[] {
  if (value === undefined) return []
  return typeof value === 'string' ? [value] : [...value]
}
