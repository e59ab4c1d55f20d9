// The first thing that stands of an instance: its directory, its ports, and the file that every command finds it by.
import { mkdirSync, rmSync } from 'node:fs'
import { isLoopbackPortFree } from '#base/loopback-port.ts'
import type { Ports } from '#base/ports.ts'
import { openClaims, portsOf } from '#linux/claims.ts'
import { findPortOwner } from '#linux/port-owner.ts'
import { renderProblems } from './checks/check.ts'
import { choosePorts, type PortName, type PortReadings } from './choose-ports.ts'
import { type InstanceFile, type InstancePaths, writeInstance } from './instance.ts'
import { SetupError } from './setup-error.ts'

export interface InstanceWishes {
  version: string
  /** By flags of this command. */
  asked: Partial<Ports>
  before: InstanceFile | undefined
  /** Undefined for loopback only. */
  listen: string | undefined
  /** Parts whose processes run and hold their ports. */
  running: ReadonlySet<PortName>
  now: () => number
}

/** Data directories of the other instances. */
export async function othersOnThisComputer(paths: InstancePaths): Promise<string[]> {
  return (await openClaims({ instance: paths }).others()).map(({ dataDir }) => dataDir)
}

/** How it stands with the ports of this computer. */
const portReadings = (
  takenBy: PortReadings['takenBy'],
  listen: string | undefined,
): PortReadings => ({
  async isFree(port, protocols) {
    const addresses = ['127.0.0.1', ...(listen === undefined ? [] : [listen])]
    const all = addresses.flatMap((address) =>
      protocols.map((protocol) => isLoopbackPortFree(port, protocol, address)),
    )
    return (await Promise.all(all)).every(Boolean)
  },
  ownerOf: findPortOwner,
  takenBy,
})

/** The same for who changes nothing. */
export async function readPorts(
  paths: InstancePaths,
  listen: string | undefined,
): Promise<PortReadings> {
  const others = await openClaims({ instance: paths }).others()
  return portReadings(
    (port) => others.find((claims) => portsOf(claims).includes(port))?.dataDir,
    listen,
  )
}

/** Makes the directory; returns how to take it away again. */
function makeDirectory(dataDir: string): () => void {
  try {
    const first = mkdirSync(dataDir, { recursive: true, mode: 0o711 })
    return () => {
      if (first !== undefined) rmSync(first, { recursive: true })
    }
  } catch (error) {
    throw new SetupError(
      `cannot make the data directory ${dataDir} (${(error as Error).message}). Name another with --data-dir`,
      { cause: error },
    )
  }
}

async function claimPorts(
  paths: InstancePaths,
  { asked, before, running, listen }: InstanceWishes,
): Promise<{ ports: Ports; moved: string[] }> {
  let result: { ports: Ports; moved: string[] } | undefined
  await openClaims({ instance: paths }).claimPorts(async (takenBy) => {
    const { ports, moved, problems } = await choosePorts(
      { asked, stored: before?.ports, running },
      portReadings(takenBy, listen),
    )
    if (problems.length > 0)
      throw new SetupError(`this computer is not ready:\n${renderProblems(problems)}`)
    result = { ports, moved }
    return Object.values(ports)
  })
  return result!
}

/** Writes the instance's file, new or anew. When a port cannot be had, nothing of a new instance is left. */
export async function makeInstance(
  paths: InstancePaths,
  wishes: InstanceWishes,
): Promise<{ file: InstanceFile; moved: string[] }> {
  const { version, before, listen, now } = wishes
  const undo = makeDirectory(paths.dataDir)
  try {
    const { ports, moved } = await claimPorts(paths, wishes)
    const createdAt = before?.createdAt ?? new Date(now()).toISOString()
    const file: InstanceFile = {
      version,
      id: paths.id,
      ports,
      createdAt,
      ...(listen === undefined ? {} : { listen }),
    }
    writeInstance(paths, file)
    return { file, moved }
  } catch (error) {
    undo()
    throw error
  }
}
