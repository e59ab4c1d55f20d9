// Nothing of ccs may be reached from beyond this computer unless `--listen` asked for it: loopback and the gateway
// addresses of clusters are all that its processes listen on.
import { openClaims } from '#linux/claims.ts'
import { overlaps, parseCidr } from '#linux/cidr.ts'
import { type ListeningSocket, listeningSocketsOf } from '#linux/listening-sockets.ts'
import type { InstancePaths } from '../instance.ts'
import { findService, PROCESSES } from '../services.ts'
import { type Check, fail, type Finding, ok } from './check.ts'

export interface ProcessSockets {
  process: string
  sockets: readonly ListeningSocket[]
}

const LOOPBACK = '127.0.0.0/8'

export const isWithinBlocks = (address: string, blocks: readonly string[]): boolean =>
  /^[\d.]+$/.test(address)
    ? blocks.some((block) => overlaps(parseCidr(`${address}/32`), parseCidr(block)))
    : address === '::1'

/** `blocks` are those of the instance's clusters, and the addresses that were asked for. */
export function judgeListening(
  processes: readonly ProcessSockets[],
  blocks: readonly string[],
): Finding[] {
  const open = processes.flatMap(({ process, sockets }) =>
    sockets
      .filter(({ address }) => !isWithinBlocks(address, [LOOPBACK, ...blocks]))
      .map(({ protocol, address, port }) =>
        fail(
          `the ${process} process listens on ${address}, port ${port}/${protocol}, where others may reach it`,
          'this is a fault of ccs: tell its makers, and close the port in a firewall',
        ),
      ),
  )
  if (open.length > 0) return open
  const count = processes.reduce((sum, { sockets }) => sum + sockets.length, 0)
  return [ok(`${count} sockets, all on loopback, gateway addresses and where it was asked for`)]
}

export function socketsOfInstance(paths: InstancePaths): ProcessSockets[] {
  return PROCESSES.flatMap((process) => {
    const found = findService(paths, process)
    return found === undefined ? [] : [{ process, sockets: listeningSocketsOf(found.pid) }]
  })
}

export const listeningCheck: Check<{ paths: InstancePaths; listen: string | undefined }> = {
  name: 'listening',
  look: async ({ paths, listen }) =>
    judgeListening(socketsOfInstance(paths), [
      ...(await openClaims({ instance: paths }).clusterBlocks()),
      ...(listen === undefined ? [] : [`${listen}/32`]),
    ]),
}
