// Port-forward over SPDY: a client opens two streams for each connection, one for its bytes and one for
// what went wrong with it, and pairs them by a number (k8s.io/kubelet pkg/cri/streaming/portforward).
import type { Duplex } from 'node:stream'
import type { Clock } from '#base/clock.ts'
import { streamLimits } from '../limits.ts'
import type { SpdyHeaders } from '../spdy/header-block.ts'
import { SpdyConnection } from '../spdy/spdy-connection.ts'
import type { SpdyStream } from '../spdy/spdy-stream.ts'

export const PORT_FORWARD_PROTOCOL = 'portforward.k8s.io'

/** One forwarded connection. */
export interface ForwardedPair {
  port: number
  data: Duplex
  /** What is written here is shown to the user; ended without a word when nothing went wrong. */
  error: Duplex
}

type StreamType = 'data' | 'error'

const isStreamType = (text: string | undefined): text is StreamType =>
  text === 'data' || text === 'error'

export function portOf(text: string | undefined): number | undefined {
  const port = /^\d{1,5}$/.test(text ?? '') ? Number(text) : 0
  return port >= 1 && port <= 65_535 ? port : undefined
}

interface Half {
  type: StreamType
  stream: SpdyStream
  port: number
}

/** The server's end. `forward` is called for each connection once both its streams are there. */
export function servePortForward(options: {
  transport: Duplex
  clock: Clock
  forward: (pair: ForwardedPair) => void
}): SpdyConnection {
  const { transport, clock, forward } = options
  const waiting = new Map<string, Half>()

  const take = (key: string, half: Half): void => {
    const other = waiting.get(key)
    if (other === undefined) {
      waiting.set(key, half)
      const timer = clock.after(streamLimits.streamCreationMs, () => half.stream.destroy())
      half.stream.once('close', () => {
        timer.cancel()
        if (waiting.get(key) === half) waiting.delete(key)
      })
      half.stream.once('paired', () => timer.cancel())
      return
    }
    if (other.type === half.type || other.port !== half.port) return void half.stream.destroy()
    waiting.delete(key)
    other.stream.emit('paired')
    const { port } = half
    forward(
      half.type === 'data'
        ? { port, data: half.stream, error: other.stream }
        : { port, data: other.stream, error: half.stream },
    )
  }

  return new SpdyConnection({
    transport,
    role: 'server',
    clock,
    accept: (headers) => {
      const type = headers.get('streamtype')
      const port = portOf(headers.get('port'))
      if (!isStreamType(type) || port === undefined) return undefined
      return (stream) => take(keyOf(headers, type, stream.id), { type, stream, port })
    },
  })
}

/** Old clients number nothing: their data stream comes right after its error stream. */
function keyOf(headers: SpdyHeaders, type: StreamType, id: number): string {
  const requestId = headers.get('requestid')
  if (requestId !== undefined && requestId !== '') return `request ${requestId}`
  return `stream ${type === 'error' ? id : id - 2}`
}

/** The client's end, for one connection to one port. */
export async function openPortForward(options: {
  transport: Duplex
  port: number
  clock: Clock
}): Promise<{ pair: ForwardedPair; connection: SpdyConnection }> {
  const { transport, port, clock } = options
  const connection = new SpdyConnection({ transport, role: 'client', clock })
  const open = (type: StreamType) =>
    connection.open(
      new Map([
        ['streamtype', type],
        ['port', String(port)],
        ['requestid', '0'],
      ]),
    )
  try {
    const [error, data] = await Promise.all([open('error'), open('data')])
    return { pair: { port, data, error }, connection }
  } catch (error) {
    connection.destroy()
    throw error
  }
}
