// How long a container that ended waits for its next start. The delay follows from the container
// that ended alone (each container records its own), so it survives a restart of the engine.
import type { ContainerView } from './pod-view.ts'

export const restartBackoff = {
  /** The first restart is immediate, the second waits this long. */
  firstMs: 10_000,
  maxMs: 300_000,
  /** A container that ran this long is judged anew. */
  resetAfterMs: 600_000,
} as const

/** The delay, from its end, before `ended` is started again. */
export function restartDelayMs(
  ended: Pick<ContainerView, 'startedAtMs' | 'finishedAtMs' | 'restartDelayMs'>,
): number {
  const ranMs = ended.startedAtMs === 0 ? 0 : ended.finishedAtMs - ended.startedAtMs
  if (ended.restartDelayMs === undefined || ranMs >= restartBackoff.resetAfterMs) return 0
  if (ended.restartDelayMs === 0) return restartBackoff.firstMs
  return Math.min(ended.restartDelayMs * 2, restartBackoff.maxMs)
}

export function restartAtMs(ended: ContainerView): number {
  return ended.finishedAtMs + restartDelayMs(ended)
}
