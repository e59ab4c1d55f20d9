// The certificate by which a logical cluster is known to the servers it aggregates: issued when it is first needed, kept
// in memory, issued anew in time.
import type { Clock } from '#base/clock.ts'
import type { KeyedCertificate } from './authority.ts'
import { issueClientCertificate } from './leaf-certificate.ts'
import { needsRenewal } from './validity.ts'

export interface FrontProxyClient {
  authorityPem: string
  client(): Promise<KeyedCertificate>
}

/** `user` is the common name that the other servers allow. */
export function frontProxyClient(options: {
  authority: KeyedCertificate
  user: string
  clock: Clock
}): FrontProxyClient {
  const { authority, clock } = options
  let issuing: Promise<KeyedCertificate> | undefined
  return {
    authorityPem: authority.certificatePem,
    async client() {
      const certificate = await issuing?.catch(() => undefined)
      if (certificate === undefined || needsRenewal(certificate.certificatePem, clock))
        issuing = issueClientCertificate({ ...options, groups: [] })
      return issuing!
    },
  }
}
