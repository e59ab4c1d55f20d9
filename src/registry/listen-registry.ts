// Opens a port for the registry. Any number of listeners, on loopback or on gateways, may come
// and go while it runs.
import {
  createServer as createHttpServer,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { Clock } from '#base/clock.ts'
import type { Registry } from './registry.ts'
import { registryLimits } from './registry-limits.ts'

export interface ListenRegistryOptions {
  registry: Registry
  host: string
  /** 0 for any free port. */
  port: number
  /** Without, the listener speaks plain HTTP: for loopback only. */
  tls?: { key: string; cert: string }
  /** The cluster whose gateway this is. */
  cluster?: string
}

export interface RegistryListener {
  host: string
  port: number
  close(): Promise<void>
}

const serverOptions = {
  // A large layer may take longer than any limit; `timeout` below ends what does not move.
  requestTimeout: 0,
  headersTimeout: registryLimits.headersTimeoutMs,
  keepAliveTimeout: registryLimits.keepAliveMs,
  maxHeaderSize: registryLimits.headersBytesMax,
  noDelay: true,
} as const

export async function listenRegistry(options: ListenRegistryOptions): Promise<RegistryListener> {
  const server = openServer(options)
  server.timeout = registryLimits.socketIdleMs
  server.maxConnections = registryLimits.connectionsMax
  const { registry, cluster } = options
  const scheme = options.tls === undefined ? 'http' : 'https'
  const handle = (req: IncomingMessage, res: ServerResponse) =>
    registry.handle(req, res, {
      scheme,
      cluster,
      remoteAddress: req.socket.remoteAddress ?? 'unknown',
    })
  server.on('request', handle)
  // By default Node asks for the body at once; we only do when the request may go on.
  server.on('checkContinue', handle)
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen({ host: options.host, port: options.port }, () => {
      server.off('error', reject)
      resolve()
    })
  })
  const { port } = server.address() as AddressInfo
  // Such as no more file descriptors: the next connection may work again.
  server.on('error', (error) => registry.log.error('listener failed', { port, error }))
  return { host: options.host, port, close: () => closeServer(server, registry.clock) }
}

function openServer({ tls }: ListenRegistryOptions): Server {
  if (tls === undefined) return createHttpServer(serverOptions)
  return createHttpsServer({
    ...serverOptions,
    ...tls,
    minVersion: 'TLSv1.2',
    // One HTTP/2 connection would carry all layers of a pull, one after the other.
    ALPNProtocols: ['http/1.1'],
  })
}

/** Takes no more connections, gives requests under way some time, then cuts them. */
async function closeServer(server: Server, clock: Clock): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()))
  server.closeIdleConnections()
  const cut = clock.after(registryLimits.drainMs, () => server.closeAllConnections())
  await closed
  cut.cancel()
}
