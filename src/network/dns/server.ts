// The DNS servers of edge: one per gateway address and one for the host, over UDP and TCP.
import { createSocket, type Socket as UdpSocket } from 'node:dgram'
import { createServer, type Server, type Socket } from 'node:net'
import type { DecodedPacket } from 'dns-packet'
import type { Logger } from '#base/log.ts'
import type { EdgeState } from '../edge-state.ts'
import { answerQuestion, type Asker } from './answer.ts'
import { decodeQuery, encodeFailure, encodeReply, fitUdp } from './message.ts'

/** Asks the host's resolvers; undefined when none answered. */
export type ForwardQuery = (query: Buffer, transport: 'udp' | 'tcp') => Promise<Buffer | undefined>

export interface DnsServerOptions {
  address: string
  port: number
  asker: Asker
  state: () => EdgeState
  /** Undefined: names that are not ours are refused. */
  forward: ForwardQuery | undefined
  log: Logger
}

const limits = {
  tcpConnectionsMax: 200,
  tcpIdleMs: 10_000,
  /** Questions that wait for the host's resolvers, per server. */
  forwardsMax: 500,
} as const

export class DnsServer {
  readonly #options: DnsServerOptions
  #udp: UdpSocket | undefined
  #tcp: Server | undefined
  #forwards = 0

  constructor(options: DnsServerOptions) {
    this.#options = options
  }

  async listen(): Promise<void> {
    const { address, port } = this.#options
    const udp = createSocket('udp4')
    this.#udp = udp
    udp.on('message', (bytes, from) => {
      void this.#answer(bytes, 'udp').then((reply) => {
        if (reply !== undefined) udp.send(reply, from.port, from.address)
      })
    })
    const tcp = createServer((socket) => this.#serveTcp(socket))
    this.#tcp = tcp
    tcp.maxConnections = limits.tcpConnectionsMax
    await Promise.all([
      new Promise<void>((resolve, reject) => {
        udp.once('error', reject)
        udp.bind(port, address, () => {
          udp.removeListener('error', reject)
          udp.on('error', (error) => this.#options.log.warn('DNS over UDP', { error }))
          resolve()
        })
      }),
      new Promise<void>((resolve, reject) => {
        tcp.once('error', reject)
        tcp.listen(port, address, () => {
          tcp.removeListener('error', reject)
          tcp.on('error', (error) => this.#options.log.warn('DNS over TCP', { error }))
          resolve()
        })
      }),
    ])
  }

  close(): void {
    this.#udp?.close()
    this.#tcp?.close()
  }

  /** TCP messages have their length, two bytes, before them (RFC 1035, 4.2.2). */
  #serveTcp(socket: Socket): void {
    let buffered = Buffer.alloc(0)
    socket.setTimeout(limits.tcpIdleMs, () => socket.destroy())
    socket.on('error', () => socket.destroy())
    socket.on('data', (chunk: Buffer) => {
      buffered = Buffer.concat([buffered, chunk])
      while (buffered.length >= 2 && buffered.length >= 2 + buffered.readUInt16BE(0)) {
        const end = 2 + buffered.readUInt16BE(0)
        const query = buffered.subarray(2, end)
        buffered = buffered.subarray(end)
        void this.#answer(query, 'tcp').then((reply) => {
          if (reply === undefined || socket.destroyed) return
          const length = Buffer.alloc(2)
          length.writeUInt16BE(reply.length)
          socket.write(Buffer.concat([length, reply]))
        })
      }
    })
  }

  async #answer(bytes: Buffer, transport: 'udp' | 'tcp'): Promise<Buffer | undefined> {
    const query = decodeQuery(bytes)
    if (query === undefined) return undefined
    const { name, type } = query.questions![0]!
    const reply = answerQuestion(this.#options.state(), this.#options.asker, { name, type })
    if (reply.kind === 'forward') return this.#forward(bytes, query, transport)
    const encoded = encodeReply(query, reply)
    return transport === 'udp' ? fitUdp(query, encoded) : encoded
  }

  async #forward(bytes: Buffer, query: DecodedPacket, transport: 'udp' | 'tcp'): Promise<Buffer> {
    const { forward } = this.#options
    if (forward === undefined) return encodeFailure(query, 'refused')
    if (this.#forwards >= limits.forwardsMax) return encodeFailure(query, 'serverFailure')
    this.#forwards++
    try {
      return (await forward(bytes, transport)) ?? encodeFailure(query, 'serverFailure')
    } finally {
      this.#forwards--
    }
  }
}
