// Signs requests for certificates that were approved, and says why it does not.
import { rfc3339 } from '#base/clock.ts'
import type { CertificateSigner } from '#identity/sign-request.ts'
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
    const refusal = refusalOf(signerName, await signer.read(pem), usages)
    if (refusal !== undefined)
      return writeStatus(resource, request, withFailure(request, refusal, clock.now()))
    const askedMs = expirationSeconds === undefined ? LIFETIME_MS : expirationSeconds * 1000
    const lifetimeMs = Math.max(LIFETIME_MIN_MS, Math.min(askedMs, LIFETIME_MS))
    const certificate = await signer.sign(pem, { usages, lifetimeMs })
    await writeStatus(resource, request, {
      ...request.status,
      certificate: Buffer.from(certificate).toString('base64'),
    })
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
