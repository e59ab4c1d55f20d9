// A clock that runs many times as fast as the wall's, the same in every process: so that what waits for hours
// happens in a test.
import { type Clock, sleepWith, type Timer } from '#base/clock.ts'

/** When both clocks show the same. */
const TOGETHER = Date.UTC(2026, 0, 1)

export function fastClock(speed: number): Clock {
  const after = (delayMs: number, fn: () => void): Timer => {
    const handle = setTimeout(fn, Math.max(1, delayMs / speed))
    return { cancel: () => clearTimeout(handle) }
  }
  return {
    now: () => TOGETHER + (Date.now() - TOGETHER) * speed,
    monotonic: () => performance.now() * speed,
    after,
    sleep: (delayMs, signal) => sleepWith(after, delayMs, signal),
  }
}
