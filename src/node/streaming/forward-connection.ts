// One forwarded connection: joined with one that the runtime opens inside of the pod.
import { once } from 'node:events'
import type { Duplex, Readable, Writable } from 'node:stream'
import { finished } from 'node:stream/promises'
import type { Clock } from '#base/clock.ts'
import { streamLimits } from '#streams/limits.ts'
import type { ForwardedPair } from '#streams/port-forward/spdy-port-forward.ts'
import { pump } from '#streams/pump.ts'
import { within } from '#streams/within.ts'

/** The end of a forwarded connection that is inside of the pod. */
export interface ForwardedEnd {
  data: Duplex
  /** What it says is shown to the user; only where it can go wrong after it was opened. */
  error?: Readable
  /** Ends what is left of it. */
  close(): void
  closed: Promise<void>
}

/** Opens the way to a port of the pod. */
export type OpenForward = (port: number) => Promise<ForwardedEnd>

/** How long a side may go on after the other has ended. */
const HALF_OPEN_MS = 10 * 60_000

/** Resolves when the connection has ended on both sides. */
export async function forwardConnection(
  client: ForwardedPair,
  open: OpenForward,
  clock: Clock,
): Promise<void> {
  // Heard from the start: it may happen while the way into the pod is opened.
  const broken = Promise.race([once(client.data, 'reset'), once(client.data, 'close')])
  client.error.resume()
  const opened = await open(client.port).catch((error: unknown) => error as Error)
  if (opened instanceof Error) {
    await end(client.error, `error forwarding port ${client.port}: ${opened.message}`)
    client.data.destroy()
    return
  }
  const up = pump(client.data, opened.data)
  const down = pump(opened.data, client.data)
  const told = opened.error === undefined ? end(client.error) : pump(opened.error, client.error)
  await Promise.race([Promise.all([down, told]), broken])
  await within(Promise.race([up, broken]), HALF_OPEN_MS, clock)
  // What the client has sent still goes out; what it sends later has nobody to go to.
  await within(up, streamLimits.closeGraceMs, clock)
  opened.close()
  await opened.closed
}

async function end(stream: Writable, text = ''): Promise<void> {
  stream.end(text)
  await finished(stream, { readable: false })
}
