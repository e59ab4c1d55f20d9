// A clock that moves only when told to, for unit tests and the simulation.
import type { Clock, Timer } from './clock.ts'
import { sleepWith } from './clock.ts'
import { Heap } from './heap.ts'

interface Pending {
  at: number
  sequence: number
  fn: () => void
  isCancelled: boolean
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
  let waiting = 0
  const timers = new Heap<Pending>(
    (a, b) => a.at < b.at || (a.at === b.at && a.sequence < b.sequence),
  )

  const after = (delayMs: number, fn: () => void): Timer => {
    const at = monotonic + Math.max(0, delayMs)
    const timer = { at, sequence: sequence++, fn, isCancelled: false }
    timers.push(timer)
    waiting++
    return { cancel: () => end(timer) }
  }
  // A cancelled timer stays in the heap until its time, or it comes to the top.
  const end = (timer: Pending): void => {
    if (timer.isCancelled) return
    timer.isCancelled = true
    waiting--
  }
  const takeDue = (until: number): Pending | undefined => {
    for (let first = timers.peek(); first !== undefined; first = timers.peek()) {
      if (first.at > until) return undefined
      timers.pop()
      if (first.isCancelled) continue
      end(first)
      return first
    }
    return undefined
  }

  return {
    now: () => wall,
    monotonic: () => monotonic,
    after,
    sleep: (delayMs, signal) => sleepWith(after, delayMs, signal),
    step: (ms) => void (wall += ms),
    get pending() {
      return waiting
    },
    async advance(ms) {
      const until = monotonic + ms
      await settle()
      for (let due = takeDue(until); due !== undefined; due = takeDue(until)) {
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
