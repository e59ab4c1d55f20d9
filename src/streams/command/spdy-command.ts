// A remote command over SPDY: the client opens one stream for each channel and names it by a header.
import type { Duplex } from 'node:stream'
import type { Clock } from '#base/clock.ts'
import { streamLimits } from '../limits.ts'
import { SpdyConnection } from '../spdy/spdy-connection.ts'
import type { SpdyStream } from '../spdy/spdy-stream.ts'
import type { ChannelName, CommandSession, CommandStreams } from './channels.ts'
import { channelsOf } from './channels.ts'
import type { CommandProtocol } from './protocols.ts'

const STREAM_TYPE = 'streamtype'

export interface SpdyCommandOptions {
  /** The upgraded connection; belongs to the session from now on. */
  transport: Duplex
  protocol: CommandProtocol
  streams: CommandStreams
  clock: Clock
}

const sessionOf = (
  connection: SpdyConnection,
  channels: Partial<Record<ChannelName, SpdyStream>>,
): CommandSession => ({
  channels,
  closed: connection.closed,
  close: () => connection.close(),
  destroy: (error) => connection.destroy(error),
})

/** The server's end. Resolves when the client has opened all the streams it asked for. */
export function acceptSpdyCommand(options: SpdyCommandOptions): Promise<CommandSession> {
  const { transport, protocol, streams, clock } = options
  const missing = new Set<string>(channelsOf(streams, protocol.hasResize))
  const channels: Partial<Record<ChannelName, SpdyStream>> = {}
  return new Promise((resolve, reject) => {
    const connection = new SpdyConnection({
      transport,
      role: 'server',
      clock,
      accept: (headers) => {
        const name = headers.get(STREAM_TYPE) ?? ''
        if (!missing.delete(name)) return undefined
        return (stream) => {
          channels[name as ChannelName] = stream
          if (missing.size > 0) return
          timer.cancel()
          resolve(sessionOf(connection, channels))
        }
      },
    })
    const timer = clock.after(streamLimits.streamCreationMs, () =>
      connection.destroy(new Error(`the client did not open: ${[...missing].join(', ')}`)),
    )
    void connection.closed.then(() => {
      timer.cancel()
      reject(connection.error ?? new Error('the client closed the connection'))
    })
  })
}

/** The client's end. Resolves when the server has accepted every stream. */
export async function openSpdyCommand(options: SpdyCommandOptions): Promise<CommandSession> {
  const { transport, protocol, streams, clock } = options
  const connection = new SpdyConnection({ transport, role: 'client', clock })
  const names = channelsOf(streams, protocol.hasResize)
  try {
    const opened = await Promise.all(
      names.map(async (name) => [name, await connection.open(new Map([[STREAM_TYPE, name]]))]),
    )
    return sessionOf(connection, Object.fromEntries(opened))
  } catch (error) {
    connection.destroy()
    throw error
  }
}
