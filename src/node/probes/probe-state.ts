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
const EAGER_FIRST_MS = 20

export const periodMsOf = ({ periodSeconds }: Probe): number => (periodSeconds ?? 10) * 1000

export interface ProbeProgress {
  kind: ProbeKind
  probe: Probe
  state: ProbeState
  /** Since the first look; undefined for a container that is not new. */
  elapsedMs: number | undefined
}

/**
 * Whether a look now is one more than the period asks for: in its first period a new container is
 * looked at more often, so that a server that needs 80 ms to listen is not left out for seconds. Such
 * looks only count when they succeed.
 */
export function isEager({ kind, probe, state, elapsedMs }: ProbeProgress): boolean {
  if (kind === 'liveness' || state.succeededOnce || elapsedMs === undefined) return false
  return elapsedMs < periodMsOf(probe)
}

/** When to look again after `looks` quick ones. */
export function nextLookMs(progress: ProbeProgress, looks: number): number {
  const periodMs = periodMsOf(progress.probe)
  if (!isEager(progress)) return periodMs
  return Math.min(EAGER_FIRST_MS * 2 ** looks, periodMs - (progress.elapsedMs ?? 0))
}
