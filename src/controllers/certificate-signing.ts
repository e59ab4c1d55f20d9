// Signs requests for certificates that were approved, and says why it does not.
import { rfc3339 } from '#base/clock.ts'
import {
  type CertificateSigner,
  type SigningTerms,
  UnreadableRequest,
} from '#identity/sign-request.ts'
import type { CertificateSigningRequest } from '#kinds/k8s/certificates.ts'
import { certificateSigningRequests } from '#kinds/refs.ts'
import type { Controller, ControllerContext } from './context.ts'
import { isOurSigner, refusalOf } from './signer-rules.ts'
import { hasCondition, requestPemOf, signingRequestController } from './signing-requests.ts'
import { writeStatus } from './write-status.ts'

const LIFETIME_MS = 365 * 24 * 60 * 60_000
const LIFETIME_MIN_MS = 10 * 60_000

export interface SignerOptions {
  /** Signs for the signers of Kubernetes itself; without it nobody does. */
  signer?: CertificateSigner | undefined
}

export function createCertificateSigningController(
  context: ControllerContext,
  signer: CertificateSigner,
): Controller {
  const { client, clock } = context
  return signingRequestController(context, 'certificate-signing', reconcile)

  async function reconcile(request: CertificateSigningRequest): Promise<void> {
    if (!isToBeSigned(request)) return
    const { signerName, usages = [], expirationSeconds } = request.spec
    const resource = client.resource(certificateSigningRequests)
    const pem = requestPemOf(request)
    const askedMs = expirationSeconds === undefined ? LIFETIME_MS : expirationSeconds * 1000
    const lifetimeMs = Math.max(LIFETIME_MIN_MS, Math.min(askedMs, LIFETIME_MS))
    const outcome = await signed(pem, { signerName, usages, lifetimeMs })
    await writeStatus(
      resource,
      request,
      'refusal' in outcome
        ? withFailure(request, outcome.refusal, clock.now())
        : {
            ...request.status,
            certificate: Buffer.from(outcome.certificate).toString('base64'),
          },
    )
  }

  /** What is no request is refused for good: it would be the same the next time. */
  async function signed(
    pem: string,
    { signerName, ...terms }: SigningTerms & { signerName: string },
  ): Promise<{ certificate: string } | { refusal: string }> {
    try {
      const refusal = refusalOf(signerName, await signer.read(pem), terms.usages)
      return refusal === undefined ? { certificate: await signer.sign(pem, terms) } : { refusal }
    } catch (error) {
      if (error instanceof UnreadableRequest) return { refusal: error.message }
      throw error
    }
  }
}

const isToBeSigned = (request: CertificateSigningRequest): boolean =>
  isOurSigner(request.spec.signerName) &&
  hasCondition(request, 'Approved') &&
  !hasCondition(request, 'Denied') &&
  !hasCondition(request, 'Failed') &&
  !request.status?.certificate

function withFailure({ status }: CertificateSigningRequest, message: string, nowMs: number) {
  const now = rfc3339(nowMs)
  const condition = {
    type: 'Failed',
    status: 'True',
    reason: 'SignerValidationFailure',
    message,
    lastUpdateTime: now,
    lastTransitionTime: now,
  }
  return { ...status, conditions: [...(status?.conditions ?? []), condition] }
}
