// Listens on a forwarded port until stopped; one that another program has is taken as soon as that lets
// go of it.
import { createSocket } from 'node:dgram'
import { createServer, type Socket } from 'node:net'
import type { RemoteInfo } from 'node:dgram'
import type { Timer } from '#base/clock.ts'
import { socketOptions } from './dial.ts'
import { forwardLimits } from './forward-limits.ts'
import type { Forward, ForwarderOptions } from './forwarded-port.ts'

export interface Listener {
  stop(): void
}

/** What is listened with: one try. */
interface Listening {
  on(event: 'listening', heard: () => void): unknown
  on(event: 'error', heard: (error: Error) => void): unknown
  removeAllListeners(event: 'error'): unknown
  close(): unknown
}

export type Datagram = (
  bytes: Buffer,
  from: RemoteInfo,
  reply: (bytes: Buffer, to: RemoteInfo) => void,
) => void

export function listenTcp(
  forward: Forward,
  options: ForwarderOptions & { host: string },
  accept: (client: Socket) => void,
): Listener {
  return keepListening(forward, options, () => {
    const server = createServer(socketOptions, accept)
    server.maxConnections = forwardLimits.connectionsPerPortMax
    return { listening: server, start: () => server.listen(forward.hostPort, options.host) }
  })
}

export function listenUdp(
  forward: Forward,
  options: ForwarderOptions & { host: string },
  accept: Datagram,
): Listener {
  return keepListening(forward, options, () => {
    const socket = createSocket('udp4')
    const reply = (bytes: Buffer, { port, address }: RemoteInfo) =>
      socket.send(bytes, port, address)
    socket.on('message', (bytes, from) => accept(bytes, from, reply))
    return { listening: socket, start: () => socket.bind(forward.hostPort, options.host) }
  })
}

function keepListening(
  { hostPort: port }: Forward,
  { clock, log }: ForwarderOptions,
  create: () => { listening: Listening; start: () => unknown },
): Listener {
  let current: Listening
  let retry: Timer | undefined
  let hasComplained = false

  function begin(): void {
    retry = undefined
    const { listening, start } = create()
    current = listening
    listening.on('listening', () => (hasComplained = false))
    listening.on('error', (error) => {
      if (!hasComplained) log.warn('cannot forward yet', { port, error })
      hasComplained = true
      listening.close()
      retry = clock.after(forwardLimits.listenRetryMs, begin)
    })
    start()
  }

  begin()
  return {
    stop() {
      // While it waits for the next try, nothing is open.
      const isOpen = retry === undefined
      retry?.cancel()
      current.removeAllListeners('error')
      // A failure that is still on its way matters to nobody any more.
      current.on('error', (error) => log.debug('stopped forwarder', { error }))
      if (isOpen) current.close()
    },
  }
}
