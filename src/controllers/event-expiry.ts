// Removes Events that were not repeated for an hour.
import type { Event } from '#kinds/k8s/core.ts'
import { events } from '#kinds/refs.ts'
import type { Controller, ControllerContext } from './context.ts'
import { createExpirySweep } from './expiry-sweep.ts'

const LIFETIME_MS = 3_600_000
const SWEEP_INTERVAL_MS = 60_000

/** When an Event was last written, as far as it says. */
function lastSeenMs({ metadata, lastTimestamp, eventTime, series }: Event): number {
  const times = [metadata.creationTimestamp, lastTimestamp, eventTime, series?.lastObservedTime]
  return Math.max(...times.map((time) => (time ? Date.parse(time) : 0)))
}

export const createEventExpiryController = (context: ControllerContext): Controller =>
  createExpirySweep(context, {
    name: 'event-expiry',
    kind: events,
    intervalMs: SWEEP_INTERVAL_MS,
    isOver: (event, nowMs) => lastSeenMs(event) < nowMs - LIFETIME_MS,
  })
