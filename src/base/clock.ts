// Time as a parameter: the product runs on `systemClock`, the simulation and unit tests on a
// fake one (`fakeClock` in fake-clock.ts).

export interface Timer {
  cancel(): void
}

export interface Clock {
  /** Milliseconds since the Unix epoch, as the wall clock says: it may be set back or forth. */
  now(): number
  /** Milliseconds since some moment of this process: what durations are measured with. */
  monotonic(): number
  /** Calls `fn` once after `delayMs`. */
  after(delayMs: number, fn: () => void): Timer
  /** Resolves after `delayMs`; rejects with the signal's reason when that aborts first. */
  sleep(delayMs: number, signal?: AbortSignal): Promise<void>
}

/** Writes a time the way Kubernetes writes `metav1.Time`: RFC 3339 in UTC, whole seconds. */
export function rfc3339(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`
}

/** Writes a time the way Kubernetes writes `metav1.MicroTime`: six digits of a second. */
export function rfc3339Micro(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 23)}000Z`
}

/** Builds `sleep` from `after`, so that every clock's sleep behaves the same. */
export function sleepWith(
  after: Clock['after'],
  delayMs: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason as Error)
    const onAbort = () => {
      timer.cancel()
      reject(signal?.reason as Error)
    }
    const timer = after(delayMs, () => {
      signal?.removeEventListener('abort', onAbort)
      resolve()
    })
    signal?.addEventListener('abort', onAbort, { once: true })
  })
}

function afterReal(delayMs: number, fn: () => void): Timer {
  const handle = setTimeout(fn, delayMs)
  return { cancel: () => clearTimeout(handle) }
}

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after: afterReal,
  sleep: (delayMs, signal) => sleepWith(afterReal, delayMs, signal),
}
