// Takes over a connection that asks for another protocol: the handshakes of WebSocket and SPDY.
import type { IncomingMessage } from 'node:http'
import { STATUS_CODES as PHRASES } from 'node:http'
import type { Duplex } from 'node:stream'
import { type WebSocket, WebSocketServer } from 'ws'
import { chooseProtocol, noCommonProtocol, offeredProtocols } from '#streams/command/protocols.ts'
import { streamLimits } from '#streams/limits.ts'
import { StreamRefusal } from './stream-refusal.ts'

/** A request for an upgrade, as Node's HTTP server hands it over. */
export interface UpgradeCall {
  request: IncomingMessage
  socket: Duplex
  head: Buffer
  /** Once it is answered with 101: what goes wrong from then on cannot be said by HTTP. */
  isAccepted?: boolean
}

export const isWebSocket = ({ headers }: IncomingMessage): boolean =>
  headers.upgrade?.toLowerCase() === 'websocket'

const isSpdy = ({ headers }: IncomingMessage): boolean =>
  headers.upgrade?.toLowerCase() === 'spdy/3.1'

interface Named {
  name: string
}

/** What the client and `known` have in common. Throws what the client is to see when that is nothing. */
export function negotiate<P extends Named>(request: IncomingMessage, known: readonly P[]): P {
  const isWeb = isWebSocket(request)
  if (!isWeb && !isSpdy(request))
    throw new StreamRefusal(400, `cannot upgrade to ${JSON.stringify(request.headers.upgrade)}`)
  const { headersDistinct } = request
  const offered = offeredProtocols(
    headersDistinct[isWeb ? 'sec-websocket-protocol' : 'x-stream-protocol-version'],
  )
  const chosen = chooseProtocol(offered, known)
  if (chosen === undefined)
    throw new StreamRefusal(403, noCommonProtocol(offered, known), {
      'x-accepted-stream-protocol-versions': known
        .map(({ name }) => name)
        .filter((name) => name !== '')
        .join(','),
    })
  return chosen
}

/** Answers 101; the connection is SPDY from here on. */
export function acceptSpdy(call: UpgradeCall, protocol: Named): Duplex {
  const { socket, head } = call
  call.isAccepted = true
  const lines = [
    'HTTP/1.1 101 Switching Protocols',
    'Connection: Upgrade',
    'Upgrade: SPDY/3.1',
    ...(protocol.name === '' ? [] : [`X-Stream-Protocol-Version: ${protocol.name}`]),
  ]
  socket.write(`${lines.join('\r\n')}\r\n\r\n`)
  if (head.length > 0) socket.unshift(head)
  return socket
}

/** Rejects after a handshake that is no WebSocket's, which has been answered. */
export function acceptWebSocket(call: UpgradeCall, protocol: Named): Promise<WebSocket> {
  const { request, socket, head } = call
  const server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: streamLimits.messageBytesMax,
  })
  // "SPDY/3.1+portforward.k8s.io" is no token of RFC 6455, and the library refuses a request with such a
  // name: it sees none, and its answer is completed here.
  delete request.headers['sec-websocket-protocol']
  server.once('headers', (lines) => {
    if (protocol.name !== '') lines.push(`Sec-WebSocket-Protocol: ${protocol.name}`)
  })
  return new Promise((resolve, reject) => {
    server.once('wsClientError', (error, client) => {
      refuse(client, new StreamRefusal(400, error.message))
      reject(error)
    })
    server.handleUpgrade(request, socket, head, (client) => {
      call.isAccepted = true
      resolve(client)
    })
  })
}

/** Answers instead of the upgrade, as plain text, and ends the connection. */
export function refuse(socket: Duplex, { status, message, headers }: StreamRefusal): void {
  if (socket.destroyed || !socket.writable) return
  const body = `${message}\n`
  const lines = [
    `HTTP/1.1 ${status} ${PHRASES[status] ?? ''}`,
    'Content-Type: text/plain; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
  ]
  socket.end(`${lines.join('\r\n')}\r\n\r\n${body}`)
}
