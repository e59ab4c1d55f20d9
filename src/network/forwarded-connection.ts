// One connection passed on: dialled again for as long as nothing of the client's was sent, then
// bytes both ways until both sides have ended.
import { connect, type Socket } from 'node:net'
import type { Clock } from '#base/clock.ts'
import { describeError, type Logger } from '#base/log.ts'

export interface Target {
  address: string
  port: number
}

const limits = {
  connectTimeoutMs: 2_000,
  /** Pauses before the next tries: between two sets of rules a packet may meet the pod that just went. */
  retryDelaysMs: [10, 50, 250],
  /** Silence after which the kernel asks whether the other side is still there. */
  keepAliveMs: 60_000,
  /** A server has ended; its client may take this long to end too. */
  lingerMs: 300_000,
} as const

/** How a connection of either side is made. Half-open: who has sent all may still wait for the answer. */
export const socketOptions = {
  allowHalfOpen: true,
  noDelay: true,
  keepAlive: true,
  keepAliveInitialDelay: limits.keepAliveMs,
} as const

function connectOnce(target: Target, client: Socket, clock: Clock): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const upstream = connect({ host: target.address, port: target.port, ...socketOptions })
    const clientWent = () => upstream.destroy(new Error('the client went away'))
    const timer = clock.after(limits.connectTimeoutMs, () =>
      upstream.destroy(new Error(`no connection within ${limits.connectTimeoutMs} ms`)),
    )
    const settled = () => {
      timer.cancel()
      client.removeListener('close', clientWent)
    }
    client.once('close', clientWent)
    upstream.once('connect', () => {
      settled()
      resolve(upstream)
    })
    upstream.on('error', (error) => {
      settled()
      reject(error)
    })
  })
}

async function dial(
  target: Target,
  client: Socket,
  options: { clock: Clock; log: Logger },
): Promise<Socket | undefined> {
  let last: unknown
  for (const delayMs of [0, ...limits.retryDelaysMs]) {
    if (delayMs > 0) await options.clock.sleep(delayMs)
    if (client.destroyed) return undefined
    try {
      return await connectOnce(target, client, options.clock)
    } catch (error) {
      last = error
    }
  }
  const to = `${target.address}:${target.port}`
  options.log.debug('forward failed', { to, because: describeError(last) })
  return undefined
}

/**
 * A side that breaks breaks the other: a client must see that an answer was cut off, which an
 * orderly end would hide. A side that ended in order leaves the other to flush what it still holds.
 */
function passBytes(from: Socket, to: Socket): void {
  from.pipe(to)
  from.on('close', () => {
    if (!from.readableEnded || !from.writableFinished) to.resetAndDestroy()
  })
}

/** Passes `client` on to `target`; resolves once the two are joined, or the client was turned away. */
export async function passOn(
  client: Socket,
  target: Target,
  options: { clock: Clock; log: Logger },
): Promise<void> {
  // Whatever breaks a socket, its 'close' follows and says what to do.
  client.on('error', (error) => options.log.debug('forwarded client broke', { error }))
  const upstream = await dial(target, client, options)
  if (upstream === undefined || client.destroyed) {
    upstream?.destroy()
    client.resetAndDestroy()
    return
  }
  passBytes(client, upstream)
  passBytes(upstream, client)
  upstream.once('end', () => {
    if (client.destroyed) return
    const linger = options.clock.after(limits.lingerMs, () => client.destroy())
    client.once('close', () => linger.cancel())
  })
}
