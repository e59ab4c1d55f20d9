// Removes requests for certificates that nobody needs any more (kube-controller-manager's csrcleaner).
import { X509Certificate } from 'node:crypto'
import { isReason } from '#base/errors.ts'
import { limits } from '#base/limits.ts'
import type { ReconcileResult } from '#base/work-queue.ts'
import type { CertificateSigningRequest } from '#kinds/k8s/certificates.ts'
import { conditionOf } from '#kinds/meta.ts'
import { certificateSigningRequests } from '#kinds/refs.ts'
import type { Controller, ControllerContext } from './context.ts'
import { keyedController } from './keyed-controller.ts'

const HOUR_MS = 60 * 60_000
const SWEEP_INTERVAL_MS = HOUR_MS
const SWEEP = 'sweep'
/** How long a request is kept after it was decided, by the decision. */
const KEPT_MS = { Approved: HOUR_MS, Denied: HOUR_MS, Failed: HOUR_MS } as const
const PENDING_KEPT_MS = 24 * HOUR_MS

export function createCertificateCleaningController(context: ControllerContext): Controller {
  const { client, clock } = context
  const resource = client.resource(certificateSigningRequests)
  const controller = keyedController(context, {
    name: 'certificate-cleaning',
    needs: [],
    reconcile: sweep,
  })
  controller.add(SWEEP)
  return controller

  async function sweep(_key: string, signal: AbortSignal): Promise<ReconcileResult> {
    let next: string | undefined
    do {
      const { items, metadata } = await resource.list({
        limit: limits.listPageItems,
        ...(next === undefined ? {} : { continue: next }),
      })
      for (const request of items)
        if (isOver(request, clock.now()) && !signal.aborted) await remove(request)
      next = metadata.continue || undefined
    } while (next !== undefined && !signal.aborted)
    return { afterMs: SWEEP_INTERVAL_MS }
  }

  async function remove({ metadata }: CertificateSigningRequest): Promise<void> {
    try {
      await resource.delete(metadata)
    } catch (error) {
      if (!isReason(error, 'NotFound')) throw error
    }
  }
}

/** Whether it was decided long enough ago, waited too long, or its certificate has ended. */
export function isOver({ metadata, status }: CertificateSigningRequest, nowMs: number): boolean {
  for (const [type, keptMs] of Object.entries(KEPT_MS)) {
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
