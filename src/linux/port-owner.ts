// Which process listens on a port: for the message that names the culprit.
import path from 'node:path'
import { readdirSync } from 'node:fs'
import { socketInodesOf, socketsAround } from './listening-sockets.ts'
import { readProcessFile } from './process-identity.ts'

export interface PortOwner {
  pid: number
  name: string
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
  const inodes = socketsAround('self')
    .filter((socket) => socket.port === port)
    .map(({ inode }) => inode)
  if (inodes.length === 0) return undefined
  const holds = (pid: number) => {
    const held = socketInodesOf(pid)
    return inodes.some((inode) => held.has(inode))
  }
  const pid = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .find(holds)
  if (pid === undefined) return undefined
  const commandLine = readProcessFile(pid, 'cmdline')
  const name = commandLine === undefined ? 'a process that just ended' : programOf(commandLine)
  return { pid, name }
}
