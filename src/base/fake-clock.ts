// A clock that moves only when told to, for unit tests and the simulation.
import type { Clock, Timer } from './clock.ts'
import { sleepWith } from './clock.ts'

interface Pending {
  at: number
  sequence: number
  fn: () => void
}

export interface FakeClock extends Clock {
  /** Moves time forward, firing due timers in order; other work runs between two timers. */
  advance(ms: number): Promise<void>
  /** Moves the wall clock without firing timers early or late (an NTP step). */
  step(ms: number): void
  /** Number of timers that wait. */
  readonly pending: number
}

/** Lets every promise that can go on do so: microtasks, then one turn of the event loop. */
export function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

export function fakeClock(startMs = Date.UTC(2026, 0, 1)): FakeClock {
  let monotonic = 0
  let wall = startMs
  let sequence = 0
  let timers: Pending[] = []

  const after = (delayMs: number, fn: () => void): Timer => {
    const timer = { at: monotonic + Math.max(0, delayMs), sequence: sequence++, fn }
    timers.push(timer)
    return { cancel: () => void (timers = timers.filter((t) => t !== timer)) }
  }
  const nextDue = (until: number): Pending | undefined =>
    timers
      .filter((t) => t.at <= until)
      .toSorted((a, b) => a.at - b.at || a.sequence - b.sequence)[0]

  return {
    now: () => wall,
    after,
    sleep: (delayMs, signal) => sleepWith(after, delayMs, signal),
    step: (ms) => void (wall += ms),
    get pending() {
      return timers.length
    },
    async advance(ms) {
      const until = monotonic + ms
      await settle()
      for (let due = nextDue(until); due !== undefined; due = nextDue(until)) {
        timers = timers.filter((t) => t !== due)
        wall += due.at - monotonic
        monotonic = due.at
        due.fn()
        await settle()
      }
      wall += until - monotonic
      monotonic = until
      await settle()
    },
  }
}
