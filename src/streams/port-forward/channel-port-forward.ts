// Port-forward over the numbered channels of a WebSocket: one connection for each port of the query.
// Channel 2n carries the bytes of the nth port, 2n+1 what went wrong with it; the first message of
// each is the port's number, two bytes, little end first (k8s.io/kubelet .../portforward/websocket.go).
import type { WebSocket } from 'ws'
import type { Clock } from '#base/clock.ts'
import { ChannelMultiplexer } from '../websocket/channel-multiplexer.ts'
import type { MessageEncoding } from '../websocket/message-codec.ts'
import type { ForwardedPair } from './spdy-port-forward.ts'

export function channelPortForward(options: {
  socket: WebSocket
  encoding: MessageEncoding
  ports: readonly number[]
  forward: (pair: ForwardedPair) => void
  clock: Clock
}): void {
  const { socket, encoding, ports, forward, clock } = options
  const multiplexer = new ChannelMultiplexer({
    socket,
    encoding,
    sendsClose: false,
    takesClose: false,
    clock,
  })
  ports.forEach((port, index) => {
    const data = multiplexer.channel(2 * index)
    const error = multiplexer.channel(2 * index + 1)
    const number = Buffer.alloc(2)
    number.writeUInt16LE(port)
    data.write(number)
    error.write(number)
    forward({ port, data, error })
  })
}
