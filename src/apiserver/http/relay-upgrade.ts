// Passes an upgraded connection on to a node's agent, or to what is proxied, byte for byte.
import { type IncomingMessage, request as httpRequest } from 'node:http'
import type { Duplex } from 'node:stream'
import { text } from 'node:stream/consumers'
import type { Clock } from '#base/clock.ts'
import { StatusError } from '#base/errors.ts'
import { apiLimits } from '../limits.ts'

export interface RelayTarget {
  /** What the other side is called. */
  host: string
  connect(): Promise<Duplex>
  /** With query. */
  path: string
}

export interface RelayRequest {
  method: string
  /** Those that make the upgrade; a header may have several lines. */
  headers: Readonly<Record<string, string | string[]>>
}

export type RelayAnswer =
  | { type: 'upgraded'; response: IncomingMessage; connection: Duplex }
  /** The agent refused, in its own words. */
  | { type: 'refused'; status: number; contentType: string; body: string }

/** Asks the agent. Rejects with a StatusError when it cannot be asked. */
export async function askForUpgrade(
  clock: Clock,
  target: RelayTarget,
  asked: RelayRequest,
): Promise<RelayAnswer> {
  const failed = (cause: unknown) =>
    new StatusError('InternalError', `error dialing backend: ${(cause as Error).message}`, {
      cause,
    })
  const connection = await target.connect().catch((cause: unknown) => {
    throw failed(cause)
  })
  return new Promise((resolve, reject) => {
    const outgoing = httpRequest({
      createConnection: () => connection,
      method: asked.method,
      path: target.path,
      headers: { ...asked.headers, host: target.host },
    })
    const timer = clock.after(apiLimits.upgradeTimeoutMs, () =>
      outgoing.destroy(new Error(`no answer within ${apiLimits.upgradeTimeoutMs} ms`)),
    )
    const fail = (cause: unknown) => {
      timer.cancel()
      reject(failed(cause))
    }
    outgoing.once('error', fail)
    outgoing.once('upgrade', (response, socket, head) => {
      timer.cancel()
      if (head.length > 0) socket.unshift(head)
      resolve({ type: 'upgraded', response, connection: socket })
    })
    outgoing.once('response', (response) => {
      const contentType = response.headers['content-type'] ?? 'text/plain'
      text(response).then((body) => {
        timer.cancel()
        resolve({ type: 'refused', status: response.statusCode ?? 500, contentType, body })
      }, fail)
    })
    outgoing.end()
  })
}

/** Bytes both ways until both have ended; a side that is left alone is given a while. */
export function joinConnections(one: Duplex, other: Duplex, clock: Clock): void {
  const follow = (closed: Duplex, left: Duplex) => {
    // Its end is told by `close`.
    closed.on('error', () => undefined)
    closed.once('close', () => {
      left.end()
      const timer = clock.after(apiLimits.upgradeLingerMs, () => left.destroy())
      left.once('close', () => timer.cancel())
      if (left.destroyed) timer.cancel()
    })
  }
  follow(one, other)
  follow(other, one)
  one.pipe(other)
  other.pipe(one)
}
