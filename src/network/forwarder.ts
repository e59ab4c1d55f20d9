// Passes connections from 127.0.0.1 on to load balancer addresses. Lives in edge, so that traffic
// goes on while the engine is away.
import { connect, createServer, type Server, type Socket } from 'node:net'
import type { Logger } from '#base/log.ts'

export interface Forward {
  hostPort: number
  address: string
  port: number
}

const limits = {
  connectionsMax: 10_000,
  connectTimeoutMs: 5_000,
  /** Tries of a connection whose backend had just gone; nothing of the client's was sent yet. */
  connectTriesMax: 3,
} as const

export interface ForwarderSet {
  /** Makes the listening ports be as wanted; open connections of those that stay go on. */
  set(forwards: readonly Forward[]): void
  close(): void
}

const keyOf = (forward: Forward) => `${forward.hostPort}>${forward.address}:${forward.port}`

function pipeBoth(client: Socket, upstream: Socket): void {
  client.pipe(upstream)
  upstream.pipe(client)
  const end = () => {
    client.destroy()
    upstream.destroy()
  }
  client.on('error', end)
  upstream.on('error', end)
  client.on('close', end)
  upstream.on('close', end)
}

/** Connects, again when refused: between two endpoints a packet may meet the one that just went. */
function dial(forward: Forward, client: Socket, triesLeft: number, log: Logger): void {
  const upstream = connect({
    host: forward.address,
    port: forward.port,
    noDelay: true,
    allowHalfOpen: true,
  })
  const timer = setTimeout(() => upstream.destroy(new Error('timed out')), limits.connectTimeoutMs)
  const clientGone = () => upstream.destroy()
  client.once('close', clientGone)
  upstream.once('connect', () => {
    clearTimeout(timer)
    upstream.removeAllListeners('error')
    client.removeListener('close', clientGone)
    pipeBoth(client, upstream)
  })
  upstream.once('error', (error) => {
    clearTimeout(timer)
    client.removeListener('close', clientGone)
    if (client.destroyed) return
    if (triesLeft > 1) return dial(forward, client, triesLeft - 1, log)
    log.debug('forward failed', { to: `${forward.address}:${forward.port}`, error })
    client.destroy()
  })
}

export function createForwarderSet(log: Logger): ForwarderSet {
  const servers = new Map<string, Server>()

  function open(forward: Forward): Server {
    // Half-open, because a client may end its request and still wait for the answer.
    const server = createServer(
      { allowHalfOpen: true, noDelay: true, pauseOnConnect: false },
      (client) => {
        client.once('error', () => client.destroy())
        dial(forward, client, limits.connectTriesMax, log)
      },
    )
    server.maxConnections = limits.connectionsMax
    server.on('error', (error) => {
      log.warn('cannot forward', { port: forward.hostPort, error })
      servers.delete(keyOf(forward))
    })
    server.listen(forward.hostPort, '127.0.0.1')
    return server
  }

  return {
    set(forwards) {
      const wanted = new Map(forwards.map((forward) => [keyOf(forward), forward]))
      for (const [key, server] of servers)
        if (!wanted.has(key)) {
          server.close()
          servers.delete(key)
        }
      for (const [key, forward] of wanted) if (!servers.has(key)) servers.set(key, open(forward))
    },
    close() {
      for (const server of servers.values()) server.close()
      servers.clear()
    },
  }
}
