// The life of a simulated process. `kill` ends it as kill -9 does: no timer fires, no call begins, no
// answer arrives any more, and nothing is told.
import type { ApiCall, ApiResponse } from '#base/api-call.ts'
import { type Clock, sleepWith, type Timer } from '#base/clock.ts'

export interface Life {
  readonly isOver: boolean
  /** The clock as the process sees it. */
  readonly clock: Clock
  /** The API as the process reaches it. */
  call(inner: ApiCall): ApiCall
  kill(): void
}

const never = new Promise<never>(() => undefined)

export function beginLife(clock: Clock): Life {
  const end = new AbortController()
  const timers = new Set<Timer>()

  const after = (delayMs: number, fn: () => void): Timer => {
    if (end.signal.aborted) return { cancel: () => undefined }
    const timer = clock.after(delayMs, () => {
      timers.delete(handle)
      fn()
    })
    const handle = {
      cancel() {
        timers.delete(handle)
        timer.cancel()
      },
    }
    timers.add(handle)
    return handle
  }

  async function* untilDeath(events: AsyncIterable<unknown>): AsyncGenerator<unknown> {
    for await (const event of events) {
      if (end.signal.aborted) await never
      yield event
    }
    if (end.signal.aborted) await never
  }

  const answered = (response: ApiResponse): ApiResponse =>
    response.type === 'watch' ? { ...response, events: untilDeath(response.events) } : response

  return {
    get isOver() {
      return end.signal.aborted
    },
    clock: {
      now: () => clock.now(),
      monotonic: () => clock.monotonic(),
      after,
      sleep: (delayMs, signal) => sleepWith(after, delayMs, signal),
    },
    call: (inner) => async (request) => {
      if (end.signal.aborted) return never
      const signals = request.signal ? [request.signal, end.signal] : [end.signal]
      try {
        return answered(await inner({ ...request, signal: AbortSignal.any(signals) }))
      } finally {
        if (end.signal.aborted) await never
      }
    },
    kill() {
      end.abort(new Error('the process was killed'))
      for (const timer of timers) timer.cancel()
      timers.clear()
    },
  }
}
