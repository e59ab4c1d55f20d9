// What a certificate says about itself, read with node:crypto alone.
import { X509Certificate } from 'node:crypto'

/** The subject alternative names: DNS names and IP addresses as they were asked for. */
export function certificateNames(certificatePem: string): {
  names: { has(name: string): boolean }
  addresses: { has(address: string): boolean }
} {
  const certificate = new X509Certificate(certificatePem)
  const options = { subject: 'never', wildcards: false } as const
  return {
    names: { has: (name) => certificate.checkHost(name, options) !== undefined },
    addresses: { has: (address) => certificate.checkIP(address) !== undefined },
  }
}

/** Whether `authorityPem` signed the certificate. */
export function isIssuedBy(certificatePem: string, authorityPem: string): boolean {
  const certificate = new X509Certificate(certificatePem)
  const authority = new X509Certificate(authorityPem)
  return certificate.checkIssued(authority) && certificate.verify(authority.publicKey)
}
