// The end of a pod: its containers, then its sidecars in reverse order, then its sandbox.
import { type PodView, isRunning, newest, operationKey, sidecarsOf } from './pod-view.ts'
import type { PlanBuilder } from './plan-builder.ts'

/** Whoever deletes with a grace period of 0 still leaves a moment for a TERM signal. */
const GRACE_SECONDS_MIN = 1

/** Seconds that the pod's containers have left. */
export function graceSecondsLeft(view: PodView): number {
  const { deletionTimestamp, deletionGracePeriodSeconds } = view.pod.metadata
  const whole = deletionGracePeriodSeconds ?? view.pod.spec.terminationGracePeriodSeconds ?? 30
  if (deletionTimestamp === undefined) return Math.max(GRACE_SECONDS_MIN, whole)
  // The timestamp is when the grace period ends: an agent that was away gives only what is left.
  const leftMs = Date.parse(deletionTimestamp) - view.nowMs
  return Math.max(GRACE_SECONDS_MIN, Math.min(whole, Math.ceil(leftMs / 1000)))
}

const startsRun = (view: PodView): boolean =>
  [...view.busy].some((key) => key.startsWith(operationKey.container('')))

export function planTermination(view: PodView, builder: PlanBuilder): void {
  const graceSeconds = graceSecondsLeft(view)
  const sidecars = new Set(sidecarsOf(view.pod).map(({ name }) => name))
  const running = view.containers.filter(isRunning)
  const own = running.filter(({ name }) => !sidecars.has(name))
  for (const container of own)
    builder.stop(container, graceSeconds, `Stopping container ${container.name}`)
  if (own.length > 0) return
  const last = sidecarsOf(view.pod)
    .toReversed()
    .map(({ name }) => newest(view, name))
    .find(isRunning)
  if (last !== undefined) return builder.stop(last, graceSeconds, `Stopping container ${last.name}`)
  // A start that was under way may still make a container.
  if (startsRun(view) || view.busy.has(operationKey.sandbox)) return
  const open = view.sandboxes.find(({ id }) => !view.stoppedSandboxes.has(id))
  if (open !== undefined) return builder.act({ type: 'stop-sandbox', id: open.id })
  if (view.pod.metadata.deletionTimestamp !== undefined) builder.act({ type: 'confirm-deletion' })
}
