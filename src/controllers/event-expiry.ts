// Removes Events that were not repeated for an hour.
import { isReason } from '#base/errors.ts'
import { limits } from '#base/limits.ts'
import type { ReconcileResult } from '#base/work-queue.ts'
import type { Event } from '#kinds/k8s/core.ts'
import { events as eventKind } from '#kinds/refs.ts'
import type { Controller, ControllerContext } from './context.ts'
import { keyedController } from './keyed-controller.ts'

const LIFETIME_MS = 3_600_000
const SWEEP_INTERVAL_MS = 60_000

const SWEEP = 'sweep'

/** When an Event was last written, as far as it says. */
function lastSeenMs({ metadata, lastTimestamp, eventTime, series }: Event): number {
  const times = [metadata.creationTimestamp, lastTimestamp, eventTime, series?.lastObservedTime]
  return Math.max(...times.map((time) => (time ? Date.parse(time) : 0)))
}

export function createEventExpiryController(context: ControllerContext): Controller {
  const { client, clock } = context
  const resource = client.resource(eventKind)
  // Pages instead of an informer: nothing else needs all Events in memory.
  const controller = keyedController(context, { name: 'event-expiry', needs: [], reconcile: sweep })
  controller.add(SWEEP)
  return controller

  async function sweep(_key: string, signal: AbortSignal): Promise<ReconcileResult> {
    const expired = clock.now() - LIFETIME_MS
    let next: string | undefined
    do {
      const { items, metadata } = await resource.list({
        limit: limits.listPageItems,
        ...(next === undefined ? {} : { continue: next }),
      })
      for (const event of items) if (lastSeenMs(event) < expired) await remove(event)
      next = metadata.continue || undefined
    } while (next !== undefined && !signal.aborted)
    return { afterMs: SWEEP_INTERVAL_MS }
  }

  async function remove({ metadata }: Event): Promise<void> {
    try {
      await resource.delete(metadata)
    } catch (error) {
      if (!isReason(error, 'NotFound')) throw error
    }
  }
}
