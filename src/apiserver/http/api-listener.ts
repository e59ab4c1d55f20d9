// An HTTPS server for logical clusters: many of them by path (the main port) or one at `/` (a
// gateway).
import { createServer } from 'node:https'
import type { Server } from 'node:https'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import type { Logger } from '#base/log.ts'
import { StatusError } from '#base/errors.ts'
import { clusterOfCertificate } from '#identity/client-authority-name.ts'
import { PathNotFoundError, tooManyRequests } from '../api-errors.ts'
import { apiLimits } from '../limits.ts'
import type { LogicalCluster } from '../logical-cluster.ts'
import { isUpgradable, responseFor, type UpgradeCall } from './handle-upgrade.ts'
import { peerCertificate } from './peer-certificate.ts'
import { writeError } from './write-outcome.ts'

export interface ApiListenerOptions {
  /** The server's certificate chain and key, PEM. */
  tls: { certificatePem: string; keyPem: string }
  /**
   * The cluster of this name, or undefined. With `atRoot` it is asked for that name alone; without,
   * for "hub" (served at `/`), for the names below `/clusters/`, and for those that client certificates
   * were made for, who are served theirs at `/`.
   */
  resolve: (clusterName: string) => LogicalCluster | undefined
  /** The one cluster that is served at `/`, and nothing else. */
  atRoot?: string
  log: Logger
}

export interface ApiListener {
  /** Port 0 takes a free one; gives the address bound. */
  listen(place: { host: string; port: number }): Promise<AddressInfo>
  /** Serves new connections with another certificate. */
  setCertificate(tls: ApiListenerOptions['tls']): void
  /** Takes no more connections and ends those there are. */
  close(): Promise<void>
}

const HUB = 'hub'

export function createApiListener(options: ApiListenerOptions): ApiListener {
  const handle = createHandler(options)
  const server = createServer(
    {
      ...tlsOptions(options.tls),
      // Client certificates are asked for and judged per cluster, not by this server.
      requestCert: true,
      rejectUnauthorized: false,
      minVersion: 'TLSv1.2',
      ALPNProtocols: ['http/1.1'],
      headersTimeout: apiLimits.headersTimeoutMs,
      requestTimeout: apiLimits.requestTimeoutMs,
      keepAliveTimeout: apiLimits.keepAliveTimeoutMs,
      shouldUpgradeCallback: isUpgradable,
    },
    handle,
  )
  const upgrade = createUpgrade(options)
  server.on('upgrade', (request, socket, head) =>
    upgrade({ request, socket: socket as Socket, head }),
  )
  server.maxConnections = apiLimits.connectionsMax
  server.on('tlsClientError', (error) => options.log.debug('TLS handshake failed', { error }))
  const sockets = trackSockets(server)
  return {
    listen: ({ host, port }) => listen(server, host, port),
    setCertificate: (tls) => server.setSecureContext(tlsOptions(tls)),
    close: () => close(server, sockets),
  }
}

const tlsOptions = ({ certificatePem, keyPem }: ApiListenerOptions['tls']) => ({
  cert: certificatePem,
  key: keyPem,
})

function createHandler(options: ApiListenerOptions) {
  return (request: IncomingMessage, response: ServerResponse): void => {
    const url = request.url ?? '/'
    const refuse = (error: StatusError) => writeError(response, error)
    if (url.length > apiLimits.urlLengthMax)
      return refuse(new StatusError('BadRequest', 'the path is too long', { code: 414 }))
    const place = locate(options, request)
    if (place === undefined) return refuse(new PathNotFoundError())
    place.cluster.handle(request, response, place.path).catch((error: unknown) => {
      options.log.error('a request could not be answered', { url, error })
      response.destroy()
    })
  }
}

/** Streams last as long as their users like: they do not count as requests, but have a limit too. */
function createUpgrade(options: ApiListenerOptions) {
  let open = 0
  return (call: UpgradeCall): void => {
    const { request, socket } = call
    // Whoever breaks off early must not end the process.
    socket.on('error', () => socket.destroy())
    const url = request.url ?? '/'
    const refuse = (error: StatusError) => {
      const response = responseFor(call)
      if (response !== undefined) writeError(response, error)
    }
    if (open >= apiLimits.upgradesMax)
      return refuse(tooManyRequests(`${open} exec, attach and port-forward sessions are open`))
    open++
    socket.once('close', () => open--)
    const place = url.length > apiLimits.urlLengthMax ? undefined : locate(options, request)
    if (place === undefined) return refuse(new PathNotFoundError())
    place.cluster.handleUpgrade(call, place.path).catch((error: unknown) => {
      options.log.error('a stream could not be opened', { url, error })
      socket.destroy()
    })
  }
}

interface Place {
  cluster: LogicalCluster
  /** Below the cluster's root, with query. */
  path: string
}

function locate(
  { resolve, atRoot }: ApiListenerOptions,
  { url = '/', socket }: IncomingMessage,
): Place | undefined {
  if (atRoot !== undefined) return at(resolve(atRoot), url)
  const match = /^\/clusters\/([^/?]+)(.*)$/.exec(url)
  // `kubectl proxy` and others drop the path of a server: what they show says which cluster is meant.
  if (match === null) return at(resolve(homeOf(socket)) ?? resolve(HUB), url)
  const [, name, rest] = match as unknown as [string, string, string]
  // The hub has one address, so that what is allowed there is told by one path.
  if (name === HUB) return undefined
  return at(resolve(name), rest.startsWith('/') ? rest : `/${rest}`)
}

/** The cluster a client certificate was made for; the hub is everyone else's. */
function homeOf(socket: Socket): string {
  const certificate = peerCertificate(socket)
  return (certificate && clusterOfCertificate(certificate)) ?? HUB
}

const at = (cluster: LogicalCluster | undefined, path: string): Place | undefined =>
  cluster === undefined ? undefined : { cluster, path }

function trackSockets(server: Server): Set<Socket> {
  const sockets = new Set<Socket>()
  const track = (socket: Socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  }
  server.on('connection', track)
  server.on('secureConnection', track)
  return sockets
}

function listen(server: Server, host: string, port: number): Promise<AddressInfo> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => {
      server.off('error', reject)
      resolve(server.address() as AddressInfo)
    })
  })
}

function close(server: Server, sockets: ReadonlySet<Socket>): Promise<void> {
  return new Promise((resolve, reject) => {
    server.close((error) => (error === undefined ? resolve() : reject(error)))
    for (const socket of sockets) socket.destroy()
  })
}
