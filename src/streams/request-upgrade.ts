// Asks an HTTP server to speak another protocol on this connection (RFC 9110, 7.8).
import { request as httpRequest, type IncomingHttpHeaders, type IncomingMessage } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { text } from 'node:stream/consumers'
import type { Duplex } from 'node:stream'
import type { Clock } from '#base/clock.ts'
import { streamLimits } from './limits.ts'

export interface UpgradeRequest {
  url: URL
  /** The protocol asked for, such as "SPDY/3.1". */
  protocol: string
  headers?: Readonly<Record<string, string>>
  /** PEM of the certificate an https server must have, or of its authority. */
  ca?: string
  clock: Clock
}

/** Resolves with the connection and the answer's headers; rejects with what the server said otherwise. */
export function requestUpgrade(
  options: UpgradeRequest,
): Promise<{ transport: Duplex; headers: IncomingHttpHeaders }> {
  const { url, protocol, ca, clock } = options
  const where = `${url.protocol}//${url.host}`
  const headers = { connection: 'Upgrade', upgrade: protocol, ...options.headers }
  return new Promise((resolve, reject) => {
    const outgoing =
      url.protocol === 'https:'
        ? httpsRequest(url, { method: 'POST', headers, agent: false, ...(ca && { ca }) })
        : httpRequest(url, { method: 'POST', headers, agent: false })
    const timer = clock.after(streamLimits.upgradeMs, () =>
      outgoing.destroy(new Error(`no answer within ${streamLimits.upgradeMs} ms`)),
    )
    const fail = (cause: Error) => {
      timer.cancel()
      reject(new Error(`${where}: ${cause.message}`, { cause }))
    }
    outgoing.once('error', fail)
    outgoing.once('response', (response: IncomingMessage) => {
      text(response).then((body) => fail(new Error(body.trim() || `${response.statusCode}`)), fail)
    })
    outgoing.once('upgrade', (response, socket, head) => {
      timer.cancel()
      socket.setNoDelay(true)
      if (head.length > 0) socket.unshift(head)
      resolve({ transport: socket, headers: response.headers })
    })
    outgoing.end()
  })
}
