// What the authorities of client certificates are called, and whose they are.
import type { X509Certificate } from 'node:crypto'

const PREFIX = 'ccs client CA of '

export const clientAuthorityName = (cluster: string): string => `${PREFIX}${cluster}`

/**
 * The logical cluster whose authority a client certificate says it comes from. Nothing is checked: whoever
 * answers judges the certificate.
 */
export function clusterOfCertificate({ issuer }: X509Certificate): string | undefined {
  const name = issuer.split('\n').find((line) => line.startsWith(`CN=${PREFIX}`))
  return name?.slice(`CN=${PREFIX}`.length)
}
