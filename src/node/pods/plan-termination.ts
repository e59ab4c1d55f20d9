// The end of a pod: its containers, then its sidecars in reverse order, then its sandbox. Hooks run at
// once; who is still there when the time is up goes at once too.
import {
  type ContainerView,
  type PodView,
  isRunning,
  newest,
  operationKey,
  sidecarsOf,
} from './pod-view.ts'
import type { PlanBuilder } from './plan-builder.ts'

/** Whoever deletes with a grace period of 0 still leaves a moment for a TERM signal. */
const GRACE_SECONDS_MIN = 1

/** A pod that is evicted must give back at once what it takes. */
const graceSecondsOf = ({ pod: { metadata, spec }, eviction }: PodView): number =>
  eviction === undefined
    ? (metadata.deletionGracePeriodSeconds ?? spec.terminationGracePeriodSeconds ?? 30)
    : GRACE_SECONDS_MIN

/** When the pod's grace period is used up. */
function graceEndMs(view: PodView): number {
  const wholeMs = graceSecondsOf(view) * 1000
  const { deletionTimestamp } = view.pod.metadata
  // The timestamp is when the grace period ends: an agent that was away gives only what is left.
  if (deletionTimestamp !== undefined)
    return Math.min(Date.parse(deletionTimestamp), view.nowMs + wholeMs)
  return (view.endingSinceMs ?? view.nowMs) + wholeMs
}

/** Seconds that the pod's containers have left. */
export function graceSecondsLeft(view: PodView): number {
  const leftMs = graceEndMs(view) - view.nowMs
  return Math.max(GRACE_SECONDS_MIN, Math.ceil(leftMs / 1000))
}

const startsRun = (view: PodView): boolean =>
  [...view.busy].some((key) => key.startsWith(operationKey.container('')))

/** Those whose turn to stop it is. */
function inTurn(view: PodView, running: readonly ContainerView[]): readonly ContainerView[] {
  if (view.nowMs >= graceEndMs(view)) return running
  const sidecars = sidecarsOf(view.pod).toReversed()
  const own = running.filter(({ name }) => !sidecars.some((sidecar) => sidecar.name === name))
  if (own.length > 0) return own
  const last = sidecars.map(({ name }) => newest(view, name)).find(isRunning)
  return last === undefined ? running : [last]
}

function stopContainers(view: PodView, builder: PlanBuilder): boolean {
  const running = view.containers.filter(isRunning)
  const turn = inTurn(view, running)
  const graceSeconds = graceSecondsLeft(view)
  for (const container of running) {
    const why = `Stopping container ${container.name}`
    if (turn.includes(container)) builder.stop(container, graceSeconds, why)
    else builder.beginStop(container, graceSeconds, why)
  }
  if (turn.length < running.length) builder.wakeAt(graceEndMs(view))
  return running.length > 0
}

export function planTermination(view: PodView, builder: PlanBuilder): void {
  if (stopContainers(view, builder)) return
  // A start that was under way may still make a container.
  if (startsRun(view) || view.busy.has(operationKey.sandbox)) return
  const open = view.sandboxes.find(({ id }) => !view.stoppedSandboxes.has(id))
  if (open !== undefined) return builder.act({ type: 'stop-sandbox', id: open.id })
  if (view.pod.metadata.deletionTimestamp !== undefined) builder.act({ type: 'confirm-deletion' })
}
