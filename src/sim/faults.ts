// Which faults strike, how often, and whether one strikes now: all of it follows from the seed.
import type { Random } from '#base/random.ts'
import type { Trace } from './trace.ts'

/** Probability of each fault: per call, per watch event, or per minute. */
const RATES = {
  /** A call fails and has no effect. */
  'call-lost': 0.02,
  /** A call takes effect and fails all the same. */
  'answer-lost': 0.02,
  /** A write is refused as if another had come first. */
  conflict: 0.03,
  /** A call takes up to seconds. */
  'slow-call': 0.05,
  /** An event is swallowed and the connection breaks. */
  'event-lost': 0.01,
  'event-late': 0.05,
  'event-doubled': 0.03,
  'watch-closed': 0.005,
  /** 410: the history the watch would go on from is gone. */
  'watch-expired': 0.005,
  /** Per minute: a process dies with all it had in memory, and starts again. */
  'process-crash': 0.3,
  /** Per minute: the same happens to the API server; its log stays. */
  'server-crash': 0.1,
  /** Per minute: a node says and does nothing for a while. */
  'node-silent': 0.15,
} as const

export type Fault = keyof typeof RATES
export const allFaults = Object.keys(RATES) as readonly Fault[]

/** How long slow things take at most. */
export const faultTimes = { callMs: 3_000, eventMs: 2_000, silenceMs: 120_000 } as const

export interface Faults {
  strikes(fault: Fault, where: string): boolean
  /** A time up to `mostMs`. */
  timeMs(mostMs: number): number
  /** From now on nothing fails any more. */
  end(): void
  count(fault: Fault): number
}

export function createFaults(enabled: readonly Fault[], random: Random, trace: Trace): Faults {
  const active = new Set(enabled)
  const counts = new Map<Fault, number>()
  return {
    strikes(fault, where) {
      if (!active.has(fault) || random.next() >= RATES[fault]) return false
      counts.set(fault, (counts.get(fault) ?? 0) + 1)
      trace.note(`fault ${fault} ${where}`)
      return true
    },
    timeMs: (mostMs) => Math.ceil(random.next() * mostMs),
    end: () => active.clear(),
    count: (fault) => counts.get(fault) ?? 0,
  }
}
