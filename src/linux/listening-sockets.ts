// The sockets on which processes wait for others, as /proc tells: TCP that listens, UDP that is bound and not connected.
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'

export interface ListeningSocket {
  protocol: 'tcp' | 'udp'
  /** IPv4 or IPv6 text; "0.0.0.0" and "::" are all addresses. */
  address: string
  port: number
  inode: string
}

/** TCP_LISTEN of net/tcp_states.h; a bound UDP socket without a peer stands in state 07. */
const TABLES = [
  { file: 'tcp', protocol: 'tcp', state: '0A' },
  { file: 'tcp6', protocol: 'tcp', state: '0A' },
  { file: 'udp', protocol: 'udp', state: '07' },
  { file: 'udp6', protocol: 'udp', state: '07' },
] as const

/** The kernel prints each 32-bit word of an address in the byte order of the computer: little-endian on ours. */
export function parseHexAddress(hex: string): string {
  const bytes = Buffer.from(hex, 'hex')
  for (let word = 0; word < bytes.length; word += 4) bytes.subarray(word, word + 4).reverse()
  if (bytes.length === 4) return bytes.join('.')
  const isMapped =
    bytes.subarray(0, 10).every((byte) => byte === 0) && bytes.readUInt16BE(10) === 0xffff
  if (isMapped) return bytes.subarray(12).join('.')
  const groups = Array.from({ length: 8 }, (_, i) => bytes.readUInt16BE(2 * i).toString(16))
  const text = groups.join(':')
  return text === '0:0:0:0:0:0:0:0' ? '::' : text === '0:0:0:0:0:0:0:1' ? '::1' : text
}

/** The listening sockets in the content of `/proc/net/tcp` or alike. */
export function parseSockets(
  table: string,
  { protocol, state }: { protocol: 'tcp' | 'udp'; state: string },
): ListeningSocket[] {
  return table
    .split('\n')
    .slice(1)
    .map((line) => line.trim().split(/\s+/))
    .filter((fields) => fields[3] === state && fields[9] !== undefined)
    .map((fields) => {
      const [address = '', port = ''] = fields[1]!.split(':')
      return {
        protocol,
        address: parseHexAddress(address),
        port: Number.parseInt(port, 16),
        inode: fields[9]!,
      }
    })
}

/** Reads something of a process that may end at any time. */
function readOfProcess<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ESRCH' || code === 'EACCES') return undefined
    throw error
  }
}

/** Inodes of the sockets that a process holds. */
export function socketInodesOf(pid: number): Set<string> {
  const descriptors = readOfProcess(() => readdirSync(`/proc/${pid}/fd`)) ?? []
  const links = descriptors.map((fd) => readOfProcess(() => readlinkSync(`/proc/${pid}/fd/${fd}`)))
  return new Set(links.flatMap((link) => /^socket:\[(\d+)\]$/.exec(link ?? '')?.[1] ?? []))
}

/** All listening sockets of the network namespace that a process is in. */
export function socketsAround(pid: number | 'self'): ListeningSocket[] {
  return TABLES.flatMap(({ file, ...kind }) =>
    parseSockets(readOfProcess(() => readFileSync(`/proc/${pid}/net/${file}`, 'utf8')) ?? '', kind),
  )
}

/** What a process listens on. */
export function listeningSocketsOf(pid: number): ListeningSocket[] {
  const own = socketInodesOf(pid)
  return socketsAround(pid).filter(({ inode }) => own.has(inode))
}
