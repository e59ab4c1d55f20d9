// A remote command over the numbered channels of a WebSocket.
import type { WebSocket } from 'ws'
import type { Clock } from '#base/clock.ts'
import type { ChannelName, CommandSession, CommandStreams } from '../command/channels.ts'
import { channelsOf } from '../command/channels.ts'
import type { WebSocketProtocol } from '../command/protocols.ts'
import { ChannelMultiplexer } from './channel-multiplexer.ts'

/** k8s.io/kubelet/pkg/cri/streaming/remotecommand/websocket.go */
const NUMBERS: Readonly<Record<ChannelName, number>> = {
  stdin: 0,
  stdout: 1,
  stderr: 2,
  error: 3,
  resize: 4,
}

export interface WebSocketCommandOptions {
  socket: WebSocket
  protocol: WebSocketProtocol
  streams: CommandStreams
  role: 'client' | 'server'
  clock: Clock
}

export function webSocketCommand(options: WebSocketCommandOptions): CommandSession {
  const { socket, protocol, streams, role, clock } = options
  const multiplexer = new ChannelMultiplexer({
    socket,
    encoding: protocol.encoding,
    // kubectl complains of a CLOSE that a server sends: only clients do.
    sendsClose: protocol.hasClose && role === 'client',
    takesClose: protocol.hasClose && role === 'server',
    clock,
  })
  const names = channelsOf(streams, protocol.hasResize)
  const channels = Object.fromEntries(
    names.map((name) => [name, multiplexer.channel(NUMBERS[name])]),
  )
  if (role === 'server') {
    const lowest = streams.stdout ? 'stdout' : streams.stderr ? 'stderr' : 'error'
    multiplexer.announce(NUMBERS[lowest])
  }
  return {
    channels,
    closed: multiplexer.closed,
    close: () => multiplexer.close(),
    destroy: (error) => multiplexer.destroy(error),
  }
}
