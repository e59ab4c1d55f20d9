// One forwarded connection: joined with one that the runtime opens inside of the pod.
import { once } from 'node:events'
import { finished } from 'node:stream/promises'
import type { Clock } from '#base/clock.ts'
import { streamLimits } from '#streams/limits.ts'
import type { ForwardedPair } from '#streams/port-forward/spdy-port-forward.ts'
import { pump } from '#streams/pump.ts'
import type { SpdyConnection } from '#streams/spdy/spdy-connection.ts'
import { within } from '#streams/within.ts'

/** Opens the way to a port of the pod. */
export type OpenForward = (
  port: number,
) => Promise<{ pair: ForwardedPair; connection: SpdyConnection }>

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
    client.error.end(`error forwarding port ${client.port}: ${opened.message}`)
    await finished(client.error, { readable: false })
    client.data.destroy()
    return
  }
  const { pair, connection } = opened
  pair.error.end()
  const up = pump(client.data, pair.data)
  const down = Promise.all([pump(pair.data, client.data), pump(pair.error, client.error)])
  await Promise.race([down, broken])
  // What the client has sent still goes out; what it sends later has nobody to go to.
  await within(up, streamLimits.closeGraceMs, clock)
  connection.close()
  await connection.closed
}
