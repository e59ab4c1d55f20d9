// Two ends of a WebSocket in memory, for unit tests.
import { createServer } from 'node:http'
import type { Socket } from 'node:net'
import { type Duplex, duplexPair } from 'node:stream'
import { WebSocket, WebSocketServer } from 'ws'

export interface WebSocketPair {
  client: WebSocket
  server: WebSocket
  /** What the server's end of the connection is made of: destroyed, as by a client that broke off. */
  wire: Duplex
}

/** What the libraries expect of a connection beyond a Duplex. */
const asSocket = (duplex: Duplex): Socket =>
  Object.assign(duplex, {
    setTimeout: () => duplex,
    setNoDelay: () => duplex,
    setKeepAlive: () => duplex,
    ref: () => duplex,
    unref: () => duplex,
  }) as unknown as Socket

export async function webSocketPair(): Promise<WebSocketPair> {
  const [near, far] = duplexPair()
  const sockets = new WebSocketServer({ noServer: true, clientTracking: false })
  const http = createServer()
  const server = new Promise<WebSocket>((resolve) => {
    http.on('upgrade', (request, socket, head) =>
      sockets.handleUpgrade(request, socket, head, resolve),
    )
  })
  http.emit('connection', asSocket(far))
  const client = new WebSocket('ws://memory', {
    createConnection: () => asSocket(near),
    perMessageDeflate: false,
  })
  await new Promise((resolve, reject) => {
    client.once('open', resolve)
    client.once('error', reject)
  })
  return { client, server: await server, wire: far }
}
