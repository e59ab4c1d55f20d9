// Passes connections from 127.0.0.1, or another address of the computer, on to load balancer addresses. Lives in edge, so that traffic
// goes on while the engine is away.
import { createServer, type Server, type Socket } from 'node:net'
import type { Timer } from '#base/clock.ts'
import { socketOptions } from './dial.ts'
import { forwardLimits } from './forward-limits.ts'
import { type Forward, ForwardedPort, type ForwarderOptions } from './forwarded-port.ts'

export interface ForwarderSet {
  /** Makes the listening ports be as wanted; connections that are open go on in any case. */
  set(forwards: readonly Forward[]): void
  /** Stops listening and ends all connections. */
  close(): void
}

export interface ForwarderSetOptions extends ForwarderOptions {
  /** Where to listen; loopback unless given. */
  host?: string
}

interface Listener {
  stop(): void
}

const keyOf = (forward: Forward) => `${forward.hostPort}>${forward.address}:${forward.port}`

/** Listens until stopped; a port that another program has is taken as soon as that lets go of it. */
function listen(
  forward: Forward,
  { clock, log, host = '127.0.0.1' }: ForwarderSetOptions,
  accept: (client: Socket) => void,
): Listener {
  let server: Server
  let retry: Timer | undefined
  let hasComplained = false

  function start(): void {
    server = createServer(socketOptions, accept)
    server.maxConnections = forwardLimits.connectionsPerPortMax
    server.on('listening', () => (hasComplained = false))
    server.on('error', (error) => {
      if (!hasComplained) log.warn('cannot forward yet', { port: forward.hostPort, error })
      hasComplained = true
      server.close()
      retry = clock.after(forwardLimits.listenRetryMs, start)
    })
    server.listen(forward.hostPort, host)
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

export function createForwarderSet(options: ForwarderSetOptions): ForwarderSet {
  const listeners = new Map<string, { listener: Listener; port: ForwardedPort }>()
  /** Not listened on any more; what is open goes on. */
  const left = new Set<ForwardedPort>()

  function open(forward: Forward) {
    const port = new ForwardedPort(forward, options)
    return { port, listener: listen(forward, options, (client) => port.accept(client)) }
  }

  function set(forwards: readonly Forward[]): void {
    const wanted = new Map(forwards.map((forward) => [keyOf(forward), forward]))
    for (const port of left) if (port.isIdle) left.delete(port)
    for (const [key, { listener, port }] of listeners) {
      if (wanted.has(key)) continue
      listener.stop()
      listeners.delete(key)
      left.add(port)
    }
    for (const [key, forward] of wanted) {
      const there = listeners.get(key)
      if (there === undefined) listeners.set(key, open(forward))
      else there.port.update(forward)
    }
  }

  return {
    set,
    close() {
      set([])
      for (const port of left) port.destroy()
    },
  }
}
