import type { X509Certificate } from 'node:crypto'
import type { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'

/** A connection has one certificate: reading it for each request would cost more than the rest of it. */
const certificates = new WeakMap<Socket, X509Certificate | undefined>()

/** The certificate that a client showed, whoever signed it. */
export function peerCertificate(socket: Socket): X509Certificate | undefined {
  if (certificates.has(socket)) return certificates.get(socket)
  const certificate = (socket as Partial<TLSSocket>).getPeerX509Certificate?.()
  certificates.set(socket, certificate)
  return certificate
}
