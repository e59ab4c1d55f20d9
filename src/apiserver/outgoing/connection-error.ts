// Errors of connections in the words that clients of Kubernetes know.
import { isIP } from 'node:net'

interface Place {
  host: string
  port: number
}

const SYSCALL_WORDS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  EHOSTUNREACH: 'no route to host',
  ENETUNREACH: 'network is unreachable',
  EACCES: 'permission denied',
}

const UNKNOWN_AUTHORITY = new Set([
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
])

/** The time that was given is over. */
export class DeadlineError extends Error {
  constructor() {
    super('context deadline exceeded')
    this.name = 'DeadlineError'
  }
}

/** What went wrong on the way to `place`. */
export function connectionErrorText(error: unknown, place: Place): string {
  const { code = '', message } = error as NodeJS.ErrnoException
  const dialled = `dial tcp ${joinHostPort(place.host, place.port)}`
  const words = SYSCALL_WORDS[code]
  if (words !== undefined) return `${dialled}: connect: ${words}`
  if (code === 'ETIMEDOUT') return `${dialled}: i/o timeout`
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN')
    return `dial tcp: lookup ${place.host}: no such host`
  if (code === 'ECONNRESET' || code === 'EPIPE') return 'EOF'
  const verification = verificationError(code, error as TlsError)
  return verification === undefined ? message : `tls: failed to verify certificate: ${verification}`
}

interface TlsError extends Error {
  host?: string
  cert?: { subjectaltname?: string }
}

function verificationError(code: string, error: TlsError): string | undefined {
  if (UNKNOWN_AUTHORITY.has(code)) return 'x509: certificate signed by unknown authority'
  if (code === 'CERT_HAS_EXPIRED' || code === 'CERT_NOT_YET_VALID')
    return 'x509: certificate has expired or is not yet valid'
  if (code !== 'ERR_TLS_CERT_ALTNAME_INVALID') return undefined
  const names = (error.cert?.subjectaltname ?? '')
    .split(', ')
    .map((name) => name.replace(/^(DNS|IP Address):/, ''))
    .filter((name) => name !== '')
  if (names.length === 0) return 'x509: certificate is not valid for any names'
  return `x509: certificate is valid for ${names.join(', ')}, not ${error.host ?? ''}`
}

export const joinHostPort = (host: string, port: number | string): string =>
  isIP(host) === 6 ? `[${host}]:${port}` : `${host}:${port}`
