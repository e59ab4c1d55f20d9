// The host's own resolvers, for names that are not ours.
import { createSocket } from 'node:dgram'
import { connect, isIP } from 'node:net'
import type { Clock } from '#base/clock.ts'
import { frame, MessageReader } from './framing.ts'

export type Transport = 'udp' | 'tcp'

/** Asks the host's resolvers; undefined when none answered. */
export type ForwardQuery = (query: Buffer, transport: Transport) => Promise<Buffer | undefined>

const TIMEOUT_MS = 2_000
const SERVERS_MAX = 3
const DNS_PORT = 53

/** Addresses of the `nameserver` lines of a resolv.conf, less our own: those would lead in circles. */
export function nameserversOf(resolvConf: string, own: ReadonlySet<string>): string[] {
  return resolvConf
    .split('\n')
    .map((line) => /^\s*nameserver\s+(\S+)/.exec(line)?.[1])
    .filter((address) => address !== undefined && isIP(address) !== 0 && !own.has(address))
    .slice(0, SERVERS_MAX) as string[]
}

interface Question {
  server: string
  port: number
  query: Buffer
  clock: Clock
}

const answers = (reply: Buffer, query: Buffer) =>
  reply.length >= 12 && reply.readUInt16BE(0) === query.readUInt16BE(0)

function askUdp({ server, port, query, clock }: Question): Promise<Buffer | undefined> {
  return new Promise((resolve) => {
    const socket = createSocket(isIP(server) === 6 ? 'udp6' : 'udp4')
    let isDone = false
    const finish = (reply: Buffer | undefined) => {
      if (isDone) return
      isDone = true
      timer.cancel()
      socket.close()
      resolve(reply)
    }
    const timer = clock.after(TIMEOUT_MS, () => finish(undefined))
    socket.on('error', () => finish(undefined))
    socket.on('message', (reply) => {
      if (answers(reply, query)) finish(reply)
    })
    // Connected, the socket takes nothing from others, and a port that nobody has says so at once.
    socket.connect(port, server, () => {
      if (!isDone) socket.send(query)
    })
  })
}

function askTcp({ server, port, query, clock }: Question): Promise<Buffer | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ host: server, port })
    const reader = new MessageReader()
    const finish = (reply: Buffer | undefined) => {
      timer.cancel()
      socket.destroy()
      resolve(reply)
    }
    const timer = clock.after(TIMEOUT_MS, () => finish(undefined))
    socket.on('error', () => finish(undefined))
    socket.on('close', () => finish(undefined))
    socket.once('connect', () => socket.write(frame(query)))
    socket.on('data', (chunk: Buffer) => {
      const [reply] = reader.push(chunk)
      if (reply !== undefined) finish(answers(reply, query) ? reply : undefined)
    })
  })
}

/** Result codes of a server that could not, or would not, find out: another one may. */
const UNHELPFUL = new Set([2, 4, 5])
const isHelpful = (reply: Buffer) => !UNHELPFUL.has(reply[3]! & 0x0f)

/** Asks each server in turn until one answers; an unhelpful answer is better than none. */
export function createUpstream(options: {
  servers: () => string[]
  clock: Clock
  port?: number
}): ForwardQuery {
  const { servers, clock, port = DNS_PORT } = options
  return async (query, transport) => {
    let unhelpful: Buffer | undefined
    for (const server of servers()) {
      const reply = await (transport === 'udp' ? askUdp : askTcp)({ server, port, query, clock })
      if (reply !== undefined && isHelpful(reply)) return reply
      unhelpful ??= reply
    }
    return unhelpful
  }
}
