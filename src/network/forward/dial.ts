import { connect, type Socket } from 'node:net'
import type { Clock } from '#base/clock.ts'
import { forwardLimits } from './forward-limits.ts'

/** How a connection of either side is made. Half-open: who has sent all may still wait for the answer. */
export const socketOptions = {
  allowHalfOpen: true,
  noDelay: true,
  keepAlive: true,
  keepAliveInitialDelay: forwardLimits.keepAliveMs,
} as const

export interface DialOptions {
  clock: Clock
  timeoutMs: number
  signal: AbortSignal
}

/** Connects, or rejects with why not: refused, no way there, too late, or the signal's reason. */
export function dial(
  target: { address: string; port: number },
  { clock, timeoutMs, signal }: DialOptions,
): Promise<Socket> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason as Error)
    const socket = connect({ host: target.address, port: target.port, ...socketOptions })
    const stop = () => socket.destroy(signal.reason as Error)
    const timer = clock.after(timeoutMs, () =>
      socket.destroy(new TimeoutError(`no connection within ${timeoutMs} ms`)),
    )
    const settle = () => {
      timer.cancel()
      signal.removeEventListener('abort', stop)
      socket.removeListener('error', fail)
    }
    const fail = (error: Error) => {
      settle()
      reject(error)
    }
    signal.addEventListener('abort', stop, { once: true })
    socket.on('error', fail)
    socket.once('connect', () => {
      settle()
      resolve(socket)
    })
  })
}

class TimeoutError extends Error {
  readonly code = 'ETIMEDOUT'
}

const NO_WAY = new Set(['ETIMEDOUT', 'EHOSTUNREACH', 'ENETUNREACH', 'EHOSTDOWN'])

/** Whether a failed dial says that nobody is there at all; a refusal comes from someone who is. */
export const isNobodyThere = (error: unknown): boolean =>
  NO_WAY.has((error as NodeJS.ErrnoException).code ?? '')
