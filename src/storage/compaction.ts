// Forgets history by age and by number, so that the log does not grow for ever.
import type { Clock, Timer } from '#base/clock.ts'
import type { Logger } from '#base/log.ts'
import type { Store } from './types.ts'

export interface HistoryRule {
  /** Events this young stay: a client may resume its watch for that long. */
  ageMs: number
  /** ... but no more commits than these. */
  revisionsMax: number
}

export interface CompactionOptions {
  store: Store
  clock: Clock
  log: Logger
  rule?: HistoryRule
  /** How often to look. */
  intervalMs?: number
}

/** The age is the one of Kubernetes' API server (--etcd-compaction-interval). */
export const defaultHistoryRule: HistoryRule = { ageMs: 5 * 60_000, revisionsMax: 100_000 }
const defaultIntervalMs = 60_000

/** What the newest revision was at some time. */
export interface RevisionSample {
  atMs: number
  revision: number
}

/** Newest revision whose history may go; `samples` are in the order of time. */
export function compactionTarget(
  samples: readonly RevisionSample[],
  now: RevisionSample,
  rule: HistoryRule,
): number {
  const old = samples.findLast(({ atMs }) => atMs <= now.atMs - rule.ageMs)
  return Math.max(old?.revision ?? 0, now.revision - rule.revisionsMax)
}

/** Compacts from time to time until `stop`, which waits for a compaction that is running. */
export function startCompaction(options: CompactionOptions): { stop(): Promise<void> } {
  const { store, clock, log, rule = defaultHistoryRule } = options
  const intervalMs = options.intervalMs ?? defaultIntervalMs
  let samples: RevisionSample[] = []
  let running = Promise.resolve()
  let stopped = false
  let timer: Timer

  const compact = async (): Promise<void> => {
    const now = { atMs: clock.now(), revision: store.revision }
    const target = compactionTarget(samples, now, rule)
    samples = [...samples.filter(({ revision }) => revision > target), now]
    try {
      if (target > 0) await store.compact(target)
    } catch (error) {
      log.warn('compaction failed, will retry', { target, error })
    }
    if (!stopped) schedule()
  }
  const schedule = (): void => {
    timer = clock.after(intervalMs, () => void (running = compact()))
  }
  schedule()
  return {
    stop: () => {
      stopped = true
      timer.cancel()
      return running
    },
  }
}
