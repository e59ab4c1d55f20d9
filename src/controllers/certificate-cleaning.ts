// Removes requests for certificates that nobody needs any more (kube-controller-manager's csrcleaner).
import { X509Certificate } from 'node:crypto'
import type { CertificateSigningRequest } from '#kinds/k8s/certificates.ts'
import { conditionOf } from '#kinds/meta.ts'
import { certificateSigningRequests } from '#kinds/refs.ts'
import type { Controller, ControllerContext } from './context.ts'
import { createExpirySweep } from './expiry-sweep.ts'

const HOUR_MS = 60 * 60_000
const SWEEP_INTERVAL_MS = HOUR_MS
/** How long a request is kept after it was decided, by the decision. */
const KEPT_MS = { Approved: HOUR_MS, Denied: HOUR_MS, Failed: HOUR_MS } as const
const PENDING_KEPT_MS = 24 * HOUR_MS

export const createCertificateCleaningController = (context: ControllerContext): Controller =>
  createExpirySweep(context, {
    name: 'certificate-cleaning',
    kind: certificateSigningRequests,
    intervalMs: SWEEP_INTERVAL_MS,
    isOver,
  })

/** Whether it was signed or refused long enough ago, nobody decided for too long, or its certificate has ended. */
export function isOver({ metadata, status }: CertificateSigningRequest, nowMs: number): boolean {
  for (const [type, keptMs] of Object.entries(KEPT_MS)) {
    // Who is to sign it may be away.
    if (type === 'Approved' && !status?.certificate) continue
    const decided = conditionOf(status?.conditions, type)
    const since = decided?.lastUpdateTime ?? decided?.lastTransitionTime
    if (since !== undefined && nowMs - Date.parse(since) > keptMs) return true
  }
  if (status?.certificate) return hasEnded(status.certificate, nowMs)
  const isDecided = (status?.conditions ?? []).length > 0
  return !isDecided && nowMs - Date.parse(metadata.creationTimestamp ?? '') > PENDING_KEPT_MS
}

const hasEnded = (certificate: string, nowMs: number): boolean =>
  new X509Certificate(Buffer.from(certificate, 'base64')).validToDate.getTime() < nowMs
