// Limits of time around what an upstream sends.
import type { Clock } from '#base/clock.ts'
import { mirrorLimits } from './mirror-limits.ts'
import { UpstreamError } from './upstream-error.ts'

/** A signal that ends with another one, and that a limit can end too. */
export function linkedSignal(outer: AbortSignal | undefined): AbortController {
  const controller = new AbortController()
  if (outer === undefined) return controller
  if (outer.aborted) controller.abort(outer.reason)
  else
    outer.addEventListener('abort', () => controller.abort(outer.reason), {
      once: true,
      signal: controller.signal,
    })
  return controller
}

/** Ends `controller` when `work` is not done in time. Rejects with `timeout` then, whatever `work` does. */
export async function inTime<Result>(
  limit: { clock: Clock; ms: number; what: string; controller: AbortController },
  work: Promise<Result>,
): Promise<Result> {
  const { clock, ms, what, controller } = limit
  const late = Promise.withResolvers<never>()
  const timer = clock.after(ms, () => {
    const error = new UpstreamError('timeout', `${what} took longer than ${ms / 1000} s`)
    controller.abort(error)
    late.reject(error)
  })
  try {
    return await Promise.race([work, late.promise])
  } finally {
    timer.cancel()
  }
}

/** The body, ended with `timeout` when it stands still or trickles. */
export async function* moving(
  body: AsyncIterable<Uint8Array>,
  limit: { clock: Clock; what: string; controller: AbortController },
): AsyncGenerator<Uint8Array> {
  const { clock, what, controller } = limit
  const iterator = body[Symbol.asyncIterator]()
  let minuteBeganAt = clock.monotonic()
  let bytesInMinute = 0
  try {
    for (;;) {
      const next = iterator.next()
      // When the limit ends first, nobody waits for this one any more.
      next.catch(() => undefined)
      const { done, value } = await inTime(
        { clock, ms: mirrorLimits.idleMs, what: `the next piece of ${what}`, controller },
        next,
      )
      if (done) return
      yield value
      bytesInMinute += value.length
      if (clock.monotonic() - minuteBeganAt < 60_000) continue
      if (bytesInMinute < mirrorLimits.slowestBytesPerMinute) throw tooSlow(what, bytesInMinute)
      minuteBeganAt = clock.monotonic()
      bytesInMinute = 0
    }
  } finally {
    // Whoever leaves early wants no more of it; a body that was read to its end keeps its connection.
    void iterator.return?.().catch(() => undefined)
  }
}

function tooSlow(what: string, bytes: number): UpstreamError {
  return new UpstreamError('timeout', `${what} comes too slowly: ${bytes} bytes in a minute`)
}

/** All of a small body. Throws `untrue` when it is larger than anything of its kind. */
export async function collect(
  body: AsyncIterable<Uint8Array>,
  { bytesMax, what }: { bytesMax: number; what: string },
): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of body) {
    size += chunk.length
    if (size > bytesMax)
      throw new UpstreamError('untrue', `${what} is larger than ${bytesMax} bytes`)
    chunks.push(Buffer.from(chunk))
  }
  return Buffer.concat(chunks)
}

/** Reads what nobody wants, so that its connection can serve again; ends it when that is more than a little. */
export function drop(
  { body, controller }: { body: AsyncIterable<Uint8Array>; controller: AbortController },
  clock: Clock,
): void {
  const { droppedBytesMax: bytesMax, droppedMs: ms } = mirrorLimits
  const what = 'an answer that nobody reads'
  const read = inTime({ clock, ms, what, controller }, collect(body, { bytesMax, what }))
  read.catch((error: unknown) => controller.abort(error))
}
