// Servers without sockets, for unit tests: what is dialled is answered by a handler in memory.
import { createServer, type RequestListener, type Server } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { Duplex } from 'node:stream'
import type { Dial, DialAddress } from './dial.ts'

export interface FakePeer {
  handle: RequestListener
  /** Serves HTTPS with this certificate. */
  tls?: { certificatePem: string; keyPem: string; clientCaPem?: string }
  /** Called for requests that ask for an upgrade. */
  upgrade?: (socket: Duplex, head: string) => void
}

export interface FakeDial {
  dial: Dial
  /** Answers at "host:port" from now on. */
  listen(place: string, peer: FakePeer): void
  /** Every address that was dialled. */
  readonly dialled: DialAddress[]
}

export function fakeDial(): FakeDial {
  const servers = new Map<string, Server>()
  const dialled: DialAddress[] = []
  return {
    dialled,
    listen: (place, peer) => void servers.set(place, serverOf(peer)),
    dial(address) {
      dialled.push(address)
      const server = servers.get(`${address.host}:${address.port}`)
      if (server === undefined)
        return Promise.reject(Object.assign(new Error('refused'), { code: 'ECONNREFUSED' }))
      const [near, far] = streamPair()
      server.emit('connection', far)
      return Promise.resolve(near)
    },
  }
}

function serverOf({ handle, tls, upgrade }: FakePeer): Server {
  const server =
    tls === undefined
      ? createServer(handle)
      : createTlsServer(
          {
            cert: tls.certificatePem,
            key: tls.keyPem,
            ...(tls.clientCaPem === undefined
              ? {}
              : { ca: tls.clientCaPem, requestCert: true, rejectUnauthorized: true }),
          },
          handle,
        )
  if (upgrade !== undefined)
    server.on('upgrade', (request, socket) => upgrade(socket, request.url ?? ''))
  return server
}

/** Two ends of a connection in memory. */
function streamPair(): [Duplex, Duplex] {
  const half = (other: () => Duplex) =>
    new Duplex({
      read() {},
      write(chunk: Buffer, _encoding, done) {
        other().push(chunk)
        done()
      },
      final(done) {
        other().push(null)
        done()
      },
      destroy(error, done) {
        // Told as the end of the connection, one turn later.
        setImmediate(() => other().destroy())
        done(error)
      },
    })
  const near: Duplex = half(() => far)
  const far: Duplex = half(() => near)
  return [near, far]
}
