import type { Check, CheckContext } from './check.ts'

const WINDOW_MS = 60_000
/** Far above what users, nodes and faults give rise to, far below what a loop does. */
const WRITES_MAX = 1_500

/** Nobody writes without end, whatever fails. */
export function boundedWrites({ state, clock, report }: CheckContext): Check {
  let window = { sinceMs: clock.monotonic(), writes: 0 }
  return {
    passed() {
      if (clock.monotonic() - window.sinceMs < WINDOW_MS) return
      const writes = state.allWrites - window.writes
      if (writes > WRITES_MAX)
        report(`${state.name} took ${writes} writes within ${WINDOW_MS / 1_000} s: a loop?`)
      window = { sinceMs: clock.monotonic(), writes: state.allWrites }
    },
  }
}
