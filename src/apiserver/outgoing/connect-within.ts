// A connection to a target, with TLS where the target speaks it, within the time named for it.
import { isIP } from 'node:net'
import type { Duplex } from 'node:stream'
import { connect as connectTls, type TLSSocket } from 'node:tls'
import type { Clock } from '#base/clock.ts'
import type { Dial, DialAddress } from './dial.ts'
import { outgoingLimits } from './outgoing-limits.ts'

export interface TargetTls {
  /** The name the server's certificate must have: a host name or an IP address. */
  serverName: string
  /** PEM of the authorities that count; those of the system where there is none. */
  caPem?: string | undefined
  /** False: whoever answers is believed. */
  verify: boolean
  /** What we show of ourselves. */
  client?: { certificatePem: string; keyPem: string } | undefined
}

export interface Target {
  address: DialAddress
  /** Absent: plain HTTP. */
  tls?: TargetTls | undefined
}

/** Rejects with the error of the connection or the handshake, or one with the code ETIMEDOUT. */
export async function connectWithin(
  { dial, clock }: { dial: Dial; clock: Clock },
  { address, tls }: Target,
): Promise<Duplex> {
  const { promise: late, reject } = Promise.withResolvers<never>()
  let isLate = false
  const timer = clock.after(outgoingLimits.connectTimeoutMs, () => {
    isLate = true
    reject(Object.assign(new Error('connecting took too long'), { code: 'ETIMEDOUT' }))
  })
  const connecting = (async () => {
    const plain = await dial(address)
    const connection = tls === undefined || isLate ? plain : await handshake(plain, tls)
    // A connection that comes too late is nobody's.
    if (isLate) connection.destroy()
    return connection
  })()
  try {
    return await Promise.race([connecting, late])
  } finally {
    timer.cancel()
    connecting.catch(() => undefined)
  }
}

function handshake(plain: Duplex, tls: TargetTls): Promise<TLSSocket> {
  const { serverName, caPem, verify, client } = tls
  return new Promise((resolve, reject) => {
    const socket = connectTls({
      socket: plain,
      // An address is checked like a name, but no name to ask for.
      host: serverName,
      servername: isIP(serverName) === 0 ? serverName : '',
      rejectUnauthorized: verify,
      minVersion: 'TLSv1.2',
      ALPNProtocols: ['http/1.1'],
      ...(caPem === undefined ? {} : { ca: caPem }),
      ...(client === undefined ? {} : { cert: client.certificatePem, key: client.keyPem }),
    })
    const fail = (error: Error) => {
      plain.destroy()
      reject(error)
    }
    const gone = () => fail(Object.assign(new Error('the server hung up'), { code: 'ECONNRESET' }))
    socket.once('error', fail)
    socket.once('close', gone)
    socket.once('secureConnect', () => {
      socket.off('error', fail)
      socket.off('close', gone)
      resolve(socket)
    })
  })
}
