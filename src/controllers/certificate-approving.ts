// Approves the requests of kubelets for client certificates, where whoever asks may ask so
// (kube-controller-manager's csrapproving).
import { rfc3339 } from '#base/clock.ts'
import { isReason } from '#base/errors.ts'
import type { ReconcileResult } from '#base/work-queue.ts'
import {
  type CertificateSigner,
  type RequestedCertificate,
  UnreadableRequest,
} from '#identity/sign-request.ts'
import type { SubjectAccessReview } from '#kinds/k8s/authorization.ts'
import type { CertificateSigningRequest } from '#kinds/k8s/certificates.ts'
import { certificateSigningRequests, subjectAccessReviews } from '#kinds/refs.ts'
import type { Controller, ControllerContext } from './context.ts'
import { KUBELET_CLIENT_SIGNER, refusalOf } from './signer-rules.ts'
import { hasCondition, requestPemOf, signingRequestController } from './signing-requests.ts'

/** A request that nobody decides is removed after a day. */
const LOOK_AGAIN_MS = 30_000

export function createCertificateApprovingController(
  context: ControllerContext,
  signer: CertificateSigner,
): Controller {
  const { client, clock } = context
  return signingRequestController(context, 'certificate-approving', reconcile)

  async function reconcile(request: CertificateSigningRequest): Promise<ReconcileResult> {
    if (isDecided(request)) return
    const { signerName, usages = [] } = request.spec
    if (signerName !== KUBELET_CLIENT_SIGNER) return
    const asked = await readable(request)
    if (asked === undefined || refusalOf(signerName, asked, usages) !== undefined) return
    for (const { subresource, message } of waysFor(request, asked))
      if (await mayAsk(request, subresource)) return approve(request, message)
    // The right may come after the request, as when a cluster is set up.
    return { afterMs: LOOK_AGAIN_MS }
  }

  /** Nothing for what is no request: somebody else has to decide that one. */
  async function readable(request: CertificateSigningRequest) {
    try {
      return await signer.read(requestPemOf(request))
    } catch (error) {
      if (error instanceof UnreadableRequest) return undefined
      throw error
    }
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
