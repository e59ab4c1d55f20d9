// The host's own resolvers, for names that are not ours.
import { createSocket } from 'node:dgram'
import { connect } from 'node:net'
import type { ForwardQuery } from './server.ts'

const TIMEOUT_MS = 2_000
const SERVERS_MAX = 3

/** Addresses of the `nameserver` lines of a resolv.conf, less our own: those would lead in circles. */
export function nameserversOf(resolvConf: string, own: ReadonlySet<string>): string[] {
  return resolvConf
    .split('\n')
    .map((line) => /^\s*nameserver\s+(\d+\.\d+\.\d+\.\d+)\s*$/.exec(line)?.[1])
    .filter((address): address is string => address !== undefined && !own.has(address))
    .slice(0, SERVERS_MAX)
}

function askUdp(server: string, query: Buffer): Promise<Buffer | undefined> {
  return new Promise((resolve) => {
    const socket = createSocket('udp4')
    const finish = (reply: Buffer | undefined) => {
      clearTimeout(timer)
      socket.close()
      resolve(reply)
    }
    const timer = setTimeout(() => finish(undefined), TIMEOUT_MS)
    socket.once('error', () => finish(undefined))
    socket.on('message', (reply, from) => {
      // Only the server asked, and only the answer to this question, counts.
      if (
        from.address === server &&
        reply.length > 2 &&
        reply.readUInt16BE(0) === query.readUInt16BE(0)
      )
        finish(reply)
    })
    socket.send(query, 53, server)
  })
}

function askTcp(server: string, query: Buffer): Promise<Buffer | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ host: server, port: 53 })
    let buffered = Buffer.alloc(0)
    const finish = (reply: Buffer | undefined) => {
      socket.destroy()
      resolve(reply)
    }
    socket.setTimeout(TIMEOUT_MS, () => finish(undefined))
    socket.once('error', () => finish(undefined))
    socket.once('connect', () => {
      const length = Buffer.alloc(2)
      length.writeUInt16BE(query.length)
      socket.write(Buffer.concat([length, query]))
    })
    socket.on('data', (chunk: Buffer) => {
      buffered = Buffer.concat([buffered, chunk])
      if (buffered.length >= 2 && buffered.length >= 2 + buffered.readUInt16BE(0))
        finish(buffered.subarray(2, 2 + buffered.readUInt16BE(0)))
    })
  })
}

/** Asks each server in turn until one answers. */
export function createUpstream(servers: () => string[]): ForwardQuery {
  return async (query, transport) => {
    for (const server of servers()) {
      const reply = await (transport === 'udp' ? askUdp : askTcp)(server, query)
      if (reply !== undefined) return reply
    }
    return undefined
  }
}
