// Passes connections from 127.0.0.1 on to load balancer addresses. Lives in edge, so that traffic
// goes on while the engine is away.
import { createServer, type Server, type Socket } from 'node:net'
import type { Clock, Timer } from '#base/clock.ts'
import type { Logger } from '#base/log.ts'
import { passOn, socketOptions } from './forwarded-connection.ts'

export interface Forward {
  hostPort: number
  address: string
  port: number
}

export interface ForwarderOptions {
  clock: Clock
  log: Logger
}

export interface ForwarderSet {
  /** Makes the listening ports be as wanted; connections that are open go on in any case. */
  set(forwards: readonly Forward[]): void
  /** Stops listening and ends all connections. */
  close(): void
}

const limits = {
  connectionsPerPortMax: 10_000,
  /** Pause before a port that could not be listened on is tried again. */
  listenRetryMs: 1_000,
} as const

interface Listener {
  stop(): void
}

const keyOf = (forward: Forward) => `${forward.hostPort}>${forward.address}:${forward.port}`

/** Listens until stopped; a port that another program has is taken as soon as that lets go of it. */
function listen(
  forward: Forward,
  { clock, log }: ForwarderOptions,
  accept: (client: Socket) => void,
): Listener {
  let server: Server
  let retry: Timer | undefined
  let hasComplained = false

  function start(): void {
    server = createServer(socketOptions, accept)
    server.maxConnections = limits.connectionsPerPortMax
    server.on('listening', () => (hasComplained = false))
    server.on('error', (error) => {
      if (!hasComplained) log.warn('cannot forward yet', { port: forward.hostPort, error })
      hasComplained = true
      server.close()
      retry = clock.after(limits.listenRetryMs, start)
    })
    server.listen(forward.hostPort, '127.0.0.1')
  }

  start()
  return {
    stop() {
      retry?.cancel()
      server.removeAllListeners('error')
      // A failure that is still on its way matters to nobody any more.
      server.on('error', (error) => log.debug('stopped forwarder', { error }))
      server.close()
    },
  }
}

export function createForwarderSet(options: ForwarderOptions): ForwarderSet {
  const listeners = new Map<string, Listener>()
  const clients = new Set<Socket>()

  function open(forward: Forward): Listener {
    return listen(forward, options, (client) => {
      clients.add(client)
      client.once('close', () => clients.delete(client))
      void passOn(client, forward, options)
    })
  }

  function set(forwards: readonly Forward[]): void {
    const wanted = new Map(forwards.map((forward) => [keyOf(forward), forward]))
    for (const [key, listener] of listeners) {
      if (wanted.has(key)) continue
      listener.stop()
      listeners.delete(key)
    }
    for (const [key, forward] of wanted) if (!listeners.has(key)) listeners.set(key, open(forward))
  }

  return {
    set,
    close() {
      set([])
      for (const client of clients) client.destroy()
    },
  }
}
