// Approves the requests of kubelets for client certificates, where whoever asks may ask so
// (kube-controller-manager's csrapproving).
import { rfc3339 } from '#base/clock.ts'
import { isReason } from '#base/errors.ts'
import type { CertificateSigner, RequestedCertificate } from '#identity/sign-request.ts'
import type { SubjectAccessReview } from '#kinds/k8s/authorization.ts'
import type { CertificateSigningRequest } from '#kinds/k8s/certificates.ts'
import { certificateSigningRequests, subjectAccessReviews } from '#kinds/refs.ts'
import type { Controller, ControllerContext } from './context.ts'
import { KUBELET_CLIENT_SIGNER, refusalOf } from './signer-rules.ts'
import { hasCondition, requestPemOf, signingRequestController } from './signing-requests.ts'

export function createCertificateApprovingController(
  context: ControllerContext,
  signer: CertificateSigner,
): Controller {
  const { client, clock } = context
  return signingRequestController(context, 'certificate-approving', reconcile)

  async function reconcile(request: CertificateSigningRequest): Promise<void> {
    if (isDecided(request)) return
    const { signerName, usages = [] } = request.spec
    if (signerName !== KUBELET_CLIENT_SIGNER) return
    const asked = await signer.read(requestPemOf(request))
    if (refusalOf(signerName, asked, usages) !== undefined) return
    for (const { subresource, message } of waysFor(request, asked))
      if (await mayAsk(request, subresource)) return approve(request, message)
  }

  async function mayAsk(
    { spec }: CertificateSigningRequest,
    subresource: string,
  ): Promise<boolean> {
    const { username = '', uid, groups, extra } = spec
    const review = await client.resource(subjectAccessReviews).create({
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SubjectAccessReview',
      metadata: { name: '' },
      spec: {
        user: username,
        uid,
        groups,
        extra,
        resourceAttributes: {
          group: 'certificates.k8s.io',
          resource: 'certificatesigningrequests',
          verb: 'create',
          subresource,
        },
      },
    } as SubjectAccessReview)
    return review.status?.allowed === true
  }

  async function approve(request: CertificateSigningRequest, message: string): Promise<void> {
    const now = rfc3339(clock.now())
    const condition = {
      type: 'Approved',
      status: 'True',
      reason: 'AutoApproved',
      message,
      lastUpdateTime: now,
      lastTransitionTime: now,
    }
    const conditions = [...(request.status?.conditions ?? []), condition]
    const body = { ...request, status: { ...request.status, conditions } }
    try {
      await client
        .resource(certificateSigningRequests)
        .subresource('PUT', request.metadata, 'approval', body)
    } catch (error) {
      // Somebody decided meanwhile, or it is gone: the next look is at that.
      if (!isReason(error, 'Conflict') && !isReason(error, 'NotFound')) throw error
    }
  }
}

const isDecided = (request: CertificateSigningRequest): boolean =>
  hasCondition(request, 'Approved') ||
  hasCondition(request, 'Denied') ||
  Boolean(request.status?.certificate)

/** A node asks for itself, or somebody (a bootstrap token) for a node that has nothing yet. */
function waysFor({ spec }: CertificateSigningRequest, { commonName }: RequestedCertificate) {
  const ways = [
    {
      subresource: 'nodeclient',
      message: 'Auto approving kubelet client certificate after SubjectAccessReview.',
    },
  ]
  if (spec.username === commonName)
    ways.unshift({
      subresource: 'selfnodeclient',
      message: 'Auto approving self kubelet client certificate after SubjectAccessReview.',
    })
  return ways
}
