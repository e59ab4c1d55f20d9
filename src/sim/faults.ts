// Which faults strike, how often, and whether one strikes now: all of it follows from the seed.
import type { Random } from '#base/random.ts'
import type { Trace } from './trace.ts'

/** Probability of each fault: per call, per watch event, per write, or per minute. */
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
  'watch-expired': 0.002,
  /** A watcher takes nothing for so long that the server may close it, or compact what it comes back for. */
  'watch-stalled': 0.002,
  /** Per minute: a process dies with all it had in memory, and starts again. */
  'process-crash': 0.1,
  /** Per write: the same just before or just after it. */
  'process-crash-at-write': 0.004,
  /** Per minute: the same happens to an API server; its disk stays. */
  'server-crash': 0.04,
  /** Per commit: the same while it goes to the disk, which has none, a part or all of it. */
  'server-crash-at-write': 0.001,
  /** Per minute: an API server can store nothing for a while. */
  'disk-full': 0.02,
  /** Per minute and node: it says and does nothing for a while. */
  'node-silent': 0.03,
  /** Per minute: the wall clock is set forth or back. */
  'clock-step': 0.05,
  /** Per minute: a container of some pod ends and is started again. */
  'container-crash': 0.2,
  /** Per minute: some pod is not ready for a while. */
  'probe-failure': 0.3,
  /** Per pull of an image. */
  'pull-failure': 0.05,
} as const

export type Fault = keyof typeof RATES
export const allFaults = Object.keys(RATES) as readonly Fault[]

/** How long things take at most. */
export const faultTimes = {
  callMs: 3_000,
  eventMs: 2_000,
  stallMs: 150_000,
  silenceMs: 180_000,
  /** Until who died is started again. */
  downMs: 4_000,
  diskFullMs: 40_000,
  stepForthMs: 900_000,
  stepBackMs: 120_000,
} as const

export interface Faults {
  strikes(fault: Fault, where: string): boolean
  /** A time up to `mostMs`. */
  timeMs(mostMs: number): number
  oneOf<T>(items: readonly T[]): T | undefined
  /** From now on nothing fails any more. */
  end(): void
  count(fault: Fault): number
}

export interface FaultOptions {
  enabled: readonly Fault[]
  /** Other probabilities than the usual ones, for some. */
  rates?: Partial<Record<Fault, number>>
}

export function createFaults(
  { enabled, rates = {} }: FaultOptions,
  random: Random,
  trace: Trace,
): Faults {
  const active = new Set(enabled)
  const counts = new Map<Fault, number>()
  return {
    strikes(fault, where) {
      if (!active.has(fault) || random.next() >= (rates[fault] ?? RATES[fault])) return false
      counts.set(fault, (counts.get(fault) ?? 0) + 1)
      trace.note(`fault ${fault} ${where}`)
      return true
    },
    timeMs: (mostMs) => Math.ceil(random.next() * mostMs),
    oneOf: (items) => items[Math.floor(random.next() * items.length)],
    end: () => active.clear(),
    count: (fault) => counts.get(fault) ?? 0,
  }
}
