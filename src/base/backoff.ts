// How long to wait before the next try: doubling from a first delay to a longest one, with jitter.
import type { Random } from './random.ts'

export interface BackoffRule {
  firstMs: number
  maxMs: number
  /** Share of the delay that is random, 0 to 1; 0 where the delay is a promise to users. */
  jitter: number
}

/** Delay before try number `failures + 1`, in milliseconds. */
export function backoffDelayMs(rule: BackoffRule, failures: number, random: Random): number {
  const full = Math.min(rule.maxMs, rule.firstMs * 2 ** Math.min(failures, 30))
  return full * (1 - rule.jitter * random.next())
}
