// Port-forward for all clients: SPDY, SPDY inside of WebSocket messages, and numbered channels.
import type { Duplex } from 'node:stream'
import { createWebSocketStream } from 'ws'
import type { Clock } from '#base/clock.ts'
import type { Logger } from '#base/log.ts'
import { streamLimits } from '#streams/limits.ts'
import {
  type ForwardedPair,
  PORT_FORWARD_PROTOCOL,
  servePortForward,
} from '#streams/port-forward/spdy-port-forward.ts'
import { channelPortForward } from '#streams/port-forward/channel-port-forward.ts'
import type { MessageEncoding } from '#streams/websocket/message-codec.ts'
import { acceptSpdy, acceptWebSocket, isWebSocket, negotiate } from './accept-client.ts'
import type { UpgradeCall } from './accept-client.ts'
import { forwardConnection, type OpenForward } from './forward-connection.ts'
import { StreamRefusal } from './stream-refusal.ts'

/** A client that names no version speaks the only one. */
const SPDY_PROTOCOLS = [{ name: PORT_FORWARD_PROTOCOL }, { name: '' }]

type WebSocketForward =
  | { name: string; type: 'tunnel' }
  | { name: string; type: 'channels'; encoding: MessageEncoding }

/** k8s.io/apimachinery/pkg/util/portforward/constants.go; k8s.io/kubelet .../portforward/websocket.go */
const WEB_SOCKET_PROTOCOLS: readonly WebSocketForward[] = [
  { name: `SPDY/3.1+${PORT_FORWARD_PROTOCOL}`, type: 'tunnel' },
  { name: 'v4.channel.k8s.io', type: 'channels', encoding: 'binary' },
  { name: 'v4.base64.channel.k8s.io', type: 'channels', encoding: 'base64' },
  { name: '', type: 'channels', encoding: 'binary' },
]

export interface PodPorts {
  /** Those that a client of numbered channels asks for. */
  ports: readonly number[]
  forward: OpenForward
  clock: Clock
  log: Logger
}

/** Takes the client over; throws before that when it cannot be served. */
export async function servePodPorts(call: UpgradeCall, options: PodPorts): Promise<void> {
  const { ports, clock, log } = options
  const forward = (pair: ForwardedPair) => {
    forwardConnection(pair, options.forward, clock).catch((error: unknown) =>
      log.warn('a forwarded connection failed', { port: pair.port, error }),
    )
  }
  if (!isWebSocket(call.request)) {
    const protocol = negotiate(call.request, SPDY_PROTOCOLS)
    servePortForward({ transport: acceptSpdy(call, protocol), clock, forward })
    return
  }
  const protocol = negotiate(call.request, WEB_SOCKET_PROTOCOLS)
  if (protocol.type === 'channels') {
    if (ports.length === 0)
      throw new StreamRefusal(400, 'at least one port must be specified by the query "port"')
    if (ports.length > streamLimits.channelPortsMax)
      throw new StreamRefusal(400, `more than ${streamLimits.channelPortsMax} ports`)
  }
  const socket = await acceptWebSocket(call, protocol)
  if (protocol.type === 'channels')
    return channelPortForward({ socket, encoding: protocol.encoding, ports, forward, clock })
  const transport: Duplex = createWebSocketStream(socket, { allowHalfOpen: false })
  servePortForward({ transport, clock, forward })
}
