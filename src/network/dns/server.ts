// A DNS server of edge, over UDP and TCP: one for each gateway address and one for the host.
import { createSocket, type Socket as UdpSocket } from 'node:dgram'
import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'
import type { Clock } from '#base/clock.ts'
import { frame, MessageReader } from './framing.ts'
import { createResponder, type Responder, type ResponderOptions } from './responder.ts'

export interface DnsServerOptions extends ResponderOptions {
  address: string
  port: number
  clock: Clock
}

const limits = {
  tcpConnectionsMax: 200,
  tcpIdleMs: 10_000,
  /** Answers a client has not taken yet; one that only asks is closed. */
  tcpUnsentBytesMax: 256 * 1024,
} as const

export class DnsServer {
  readonly #options: DnsServerOptions
  readonly #respond: Responder
  readonly #connections = new Set<Socket>()
  #udp: UdpSocket | undefined
  #tcp: Server | undefined

  constructor(options: DnsServerOptions) {
    this.#options = options
    this.#respond = createResponder(options)
  }

  /** Listens on both or, when one fails, on neither. */
  async listen(): Promise<void> {
    try {
      await this.#listenUdp()
      await this.#listenTcp()
    } catch (error) {
      this.close()
      throw error
    }
  }

  close(): void {
    this.#udp?.close()
    this.#udp = undefined
    this.#tcp?.close()
    this.#tcp = undefined
    for (const connection of this.#connections) connection.destroy()
  }

  async #listenUdp(): Promise<void> {
    const { address, port, log } = this.#options
    const udp = createSocket('udp4')
    this.#udp = udp
    udp.on('message', (bytes, from) => {
      // No answer can be sent to port 0.
      if (from.port === 0) return
      void this.#respond(bytes, 'udp').then((reply) => {
        if (reply === undefined || this.#udp !== udp) return
        udp.send(reply, from.port, from.address, (error) => {
          if (error) log.debug('a DNS answer was not sent', { error })
        })
      })
    })
    udp.bind(port, address)
    await once(udp, 'listening')
    udp.on('error', (error) => log.warn('DNS over UDP', { error }))
  }

  async #listenTcp(): Promise<void> {
    const { address, port, log } = this.#options
    const tcp = createServer((socket) => this.#serveTcp(socket))
    this.#tcp = tcp
    tcp.maxConnections = limits.tcpConnectionsMax
    tcp.listen(port, address)
    await once(tcp, 'listening')
    tcp.on('error', (error) => log.warn('DNS over TCP', { error }))
  }

  #serveTcp(socket: Socket): void {
    const { clock, log } = this.#options
    const reader = new MessageReader()
    const watchIdle = () => clock.after(limits.tcpIdleMs, () => socket.destroy())
    let idle = watchIdle()
    this.#connections.add(socket)
    socket.on('error', (error) => log.debug('DNS over TCP: a client broke', { error }))
    socket.on('close', () => {
      idle.cancel()
      this.#connections.delete(socket)
    })
    socket.on('data', (chunk: Buffer) => {
      for (const query of reader.push(chunk)) {
        idle.cancel()
        idle = watchIdle()
        void this.#respond(query, 'tcp').then((reply) => {
          if (reply === undefined || !socket.writable) return
          socket.write(frame(reply))
          if (socket.writableLength > limits.tcpUnsentBytesMax) socket.destroy()
        })
      }
    })
  }
}
