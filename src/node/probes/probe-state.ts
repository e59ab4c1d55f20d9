// What a row of probe results means: thresholds, and when to look again. Pure.
import type { Probe } from '#kinds/k8s/core.ts'

export type ProbeKind = 'startup' | 'liveness' | 'readiness'

export interface ProbeState {
  /** The verdict after the thresholds; undefined until one was reached. */
  verdict: 'success' | 'failure' | undefined
  /** Equal results in a row, newest last. */
  run: { ok: boolean; length: number }
  succeededOnce: boolean
}

export const newProbeState: ProbeState = {
  verdict: undefined,
  run: { ok: false, length: 0 },
  succeededOnce: false,
}

const thresholdOf = (probe: Probe, ok: boolean): number =>
  ok ? (probe.successThreshold ?? 1) : (probe.failureThreshold ?? 3)

export function observeProbe(state: ProbeState, probe: Probe, ok: boolean): ProbeState {
  const length = state.run.ok === ok ? state.run.length + 1 : 1
  const reached = length >= thresholdOf(probe, ok)
  return {
    verdict: reached ? (ok ? 'success' : 'failure') : state.verdict,
    run: { ok, length },
    succeededOnce: state.succeededOnce || ok,
  }
}

/** First of the quick looks at a container that is not ready yet. */
const EAGER_FIRST_MS = 50

/**
 * When to look again. A container that has just started is looked at more often than its period, so
 * that a server that needs 80 ms to listen is not left out for seconds; such looks only count when
 * they succeed.
 */
export function nextProbe(
  kind: ProbeKind,
  probe: Probe,
  progress: { state: ProbeState; eagerLooks: number },
): { delayMs: number; eager: boolean } {
  const periodMs = (probe.periodSeconds ?? 10) * 1000
  const eagerMs = EAGER_FIRST_MS * 2 ** progress.eagerLooks
  const eager = kind !== 'liveness' && !progress.state.succeededOnce && eagerMs < periodMs
  return eager ? { delayMs: eagerMs, eager } : { delayMs: periodMs, eager }
}
