// Which process listens on a port: for the message that names the culprit.
import path from 'node:path'
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'

export interface PortOwner {
  pid: number
  name: string
}

/** TCP_LISTEN of the kernel's net/tcp_states.h; a bound UDP socket stands in state 07. */
const TABLES = [
  { file: 'tcp', state: '0A' },
  { file: 'tcp6', state: '0A' },
  { file: 'udp', state: '07' },
  { file: 'udp6', state: '07' },
] as const

/** Inodes of the sockets in `/proc/net/tcp` (or alike) that are bound to `port` in `state`. */
export function socketsOfPort(table: string, port: number, state: string): string[] {
  const inodes: string[] = []
  for (const line of table.split('\n').slice(1)) {
    const fields = line.trim().split(/\s+/)
    const localPort = fields[1]?.split(':')[1]
    if (localPort === undefined || Number.parseInt(localPort, 16) !== port) continue
    if (fields[3] === state && fields[9] !== undefined) inodes.push(fields[9])
  }
  return inodes
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

function holds(pid: string, links: ReadonlySet<string>): boolean {
  const descriptors = readOfProcess(() => readdirSync(`/proc/${pid}/fd`)) ?? []
  return descriptors.some((descriptor) => {
    const link = readOfProcess(() => readlinkSync(`/proc/${pid}/fd/${descriptor}`))
    return link !== undefined && links.has(link)
  })
}

/**
 * The program in `/proc/<pid>/cmdline`, for people. Not `comm`: programs name their threads there, and every
 * Node.js is a "MainThread".
 */
export function programOf(commandLine: string): string {
  const first = commandLine.split('\0')[0]!
  // Some servers write a whole sentence over their arguments: "nginx: master process /usr/sbin/nginx".
  return first.startsWith('/') ? path.basename(first) : first
}

/** The process that listens on TCP or UDP `port` in our network namespace, if one is to be seen. */
export function findPortOwner(port: number): PortOwner | undefined {
  const links = new Set<string>()
  for (const { file, state } of TABLES) {
    const table = readOfProcess(() => readFileSync(`/proc/net/${file}`, 'utf8')) ?? ''
    for (const inode of socketsOfPort(table, port, state)) links.add(`socket:[${inode}]`)
  }
  if (links.size === 0) return undefined
  const pid = readdirSync('/proc').find((name) => /^\d+$/.test(name) && holds(name, links))
  if (pid === undefined) return undefined
  const name = readOfProcess(() => programOf(readFileSync(`/proc/${pid}/cmdline`, 'utf8')))
  return { pid: Number(pid), name: name ?? 'a process that just ended' }
}
