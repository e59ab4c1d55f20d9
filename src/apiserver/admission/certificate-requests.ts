// Who may decide about requests for certificates, who may sign them, and what nobody may ask for: the admission plugins
// CertificateApproval, CertificateSigning and CertificateSubjectRestriction of Kubernetes.
import type { CertificateSigningRequest } from '#kinds/k8s/certificates.ts'
import { organizationsOfRequest } from '#kinds/validate/certificate-pem.ts'
import { deepEqual } from '#kinds/validate/equal.ts'
import { forbidden } from '../api-errors.ts'
import type { Authorizer } from '../authorization/authorizer.ts'
import type { AdmissionPlugin, AdmissionRequest } from './plugin.ts'

const GROUP = 'certificates.k8s.io'
const RESOURCE = 'certificatesigningrequests'
const CLIENT_SIGNER = 'kubernetes.io/kube-apiserver-client'
const MASTERS = 'system:masters'

export function certificateRequests(authorizer: Authorizer): AdmissionPlugin {
  return {
    name: 'CertificateRequests',
    validate(request) {
      if (request.group !== GROUP || request.resource !== RESOURCE) return
      const { operation, subresource, object } = request
      if (operation === 'CREATE') return restrictSubject(request)
      if (operation !== 'UPDATE' || object === undefined) return
      if (subresource === 'approval') return requireVerb(authorizer, request, 'approve')
      if (subresource === 'status' && isSigned(request)) requireVerb(authorizer, request, 'sign')
    },
  }
}

/** A certificate that makes its owner an administrator is not to be had by asking. */
function restrictSubject(request: AdmissionRequest): void {
  const { spec } = request.object as CertificateSigningRequest
  if (spec.signerName !== CLIENT_SIGNER) return
  if (!organizationsOfRequest(spec.request).includes(MASTERS)) return
  throw forbidden(
    { group: GROUP, resource: RESOURCE },
    request.name,
    `use of ${CLIENT_SIGNER} signer with ${MASTERS} group is not allowed`,
  )
}

function isSigned({ object, old }: AdmissionRequest): boolean {
  const { status } = object as CertificateSigningRequest
  const { status: before } = (old ?? {}) as CertificateSigningRequest
  return (
    (status?.certificate ?? '') !== (before?.certificate ?? '') ||
    !deepEqual(status?.conditions ?? [], before?.conditions ?? [])
  )
}

/** The right to the signer by its name, or to all signers of its domain. */
function requireVerb(
  authorizer: Authorizer,
  { user, name, old, object }: AdmissionRequest,
  verb: 'approve' | 'sign',
): void {
  const { signerName } = ((old ?? object) as CertificateSigningRequest).spec
  const [domain] = signerName.split('/')
  const may = (signer: string) =>
    authorizer.authorize(user, {
      type: 'resource',
      verb,
      group: GROUP,
      version: '*',
      resource: 'signers',
      subresource: undefined,
      namespace: undefined,
      name: signer,
    }).allowed
  if (may(signerName) || may(`${domain}/*`)) return
  throw forbidden(
    { group: GROUP, resource: RESOURCE },
    name,
    `user not permitted to ${verb} requests with signerName ${JSON.stringify(signerName)}`,
  )
}
