// What several controllers ask of a request for a certificate.
import type { CertificateSigningRequest } from '#kinds/k8s/certificates.ts'

export const hasCondition = ({ status }: CertificateSigningRequest, type: string): boolean =>
  (status?.conditions ?? []).some((condition) => condition.type === type)

export const requestPemOf = ({ spec }: CertificateSigningRequest): string =>
  Buffer.from(spec.request, 'base64').toString('latin1')
