// Who may decide about requests for certificates, who may sign them, and what nobody may ask for: the admission plugins
// CertificateApproval, CertificateSigning and CertificateSubjectRestriction of Kubernetes.
import { type RequestedCertificate, readRequest } from '#identity/sign-request.ts'
import type { CertificateSigningRequest } from '#kinds/k8s/certificates.ts'
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

/**
 * A certificate that makes its owner an administrator is not to be had by asking. Read as the signer reads it:
 * two readers would differ about something.
 */
async function restrictSubject(request: AdmissionRequest): Promise<void> {
  const { spec } = request.object as CertificateSigningRequest
  if (spec.signerName !== CLIENT_SIGNER) return
  const { organizations } = await readOrRefuse(request, spec.request)
  if (organizations.includes(MASTERS))
    throw refusal(request, `use of ${CLIENT_SIGNER} signer with ${MASTERS} group is not allowed`)
}

async function readOrRefuse(
  request: AdmissionRequest,
  base64: string,
): Promise<RequestedCertificate> {
  try {
    return await readRequest(Buffer.from(base64, 'base64').toString('latin1'))
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw refusal(request, `failed to parse CSR: ${why}`)
  }
}

const refusal = ({ name }: AdmissionRequest, why: string) =>
  forbidden({ group: GROUP, resource: RESOURCE }, name, why)

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
  request: AdmissionRequest,
  verb: 'approve' | 'sign',
): void {
  const { user, old, object } = request
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
  throw refusal(
    request,
    `user not permitted to ${verb} requests with signerName ${JSON.stringify(signerName)}`,
  )
}
