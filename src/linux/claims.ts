// Which address blocks and ports the instances of this computer have claimed: /run/ccs/claims.json,
// changed under a lock. After a reboot the file is gone and instances claim again what they had.
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { writeFileAtomic } from '#base/atomic-file.ts'
import { type Cidr, formatCidr, overlaps, parseCidr } from './cidr.ts'
import { withFileLock } from './file-lock.ts'
import { listHostRoutes } from './links.ts'

export interface InstanceClaims {
  /** An instance whose data directory is gone has lost its claims. */
  dataDir: string
  /** A /16 for each cluster, by its name. */
  clusters: Record<string, string>
  /** A /24 for load balancers. */
  loadBalancers?: string
  /** Ports on 127.0.0.1 of services, also while the instance is down and nothing listens on them. */
  hostPorts?: number[]
  /** Ports that the instance itself listens on when it runs. */
  ports?: number[]
}

/** By instance id. */
export type ClaimsFile = Record<string, InstanceClaims>

/** "10.64.0.0/16" to "10.126.0.0/16". */
export const clusterBlocks: readonly string[] = Array.from(
  { length: 63 },
  (_, index) => `10.${64 + index}.0.0/16`,
)
/** "10.127.0.0/24" to "10.127.255.0/24". */
export const loadBalancerBlocks: readonly string[] = Array.from(
  { length: 256 },
  (_, index) => `10.127.${index}.0/24`,
)

export class NoBlockLeftError extends Error {
  override readonly name = 'NoBlockLeftError'
}

export const blocksOf = (claims: InstanceClaims): string[] => [
  ...Object.values(claims.clusters),
  ...(claims.loadBalancers === undefined ? [] : [claims.loadBalancers]),
]

/** All ports of an instance. */
export const portsOf = ({ ports = [], hostPorts = [] }: InstanceClaims): number[] => [
  ...ports,
  ...hostPorts,
]

const isEmpty = (claims: InstanceClaims): boolean =>
  blocksOf(claims).length === 0 && portsOf(claims).length === 0

/** The first candidate that overlaps nothing taken. */
export function chooseBlock(candidates: readonly string[], taken: readonly Cidr[]): string {
  const free = candidates.find((candidate) => {
    const range = parseCidr(candidate)
    return !taken.some((other) => overlaps(range, other))
  })
  if (free === undefined)
    throw new NoBlockLeftError(
      candidates.length === 1
        ? `the address block ${candidates[0]} is taken by another cluster (see /run/ccs/claims.json)`
        : `every address block, such as ${candidates[0]}, is taken by a route of this computer or by another cluster (see 'ip route' and /run/ccs/claims.json)`,
    )
  return free
}

/** Claims of instances whose data directory still is there. */
export function withoutVanished(
  file: ClaimsFile,
  exists: (directory: string) => boolean,
): ClaimsFile {
  return Object.fromEntries(Object.entries(file).filter(([, { dataDir }]) => exists(dataDir)))
}

export interface Claims {
  /**
   * The block of a cluster: the one it has, else `wanted`, else a free one. Throws when `wanted` is in
   * use by someone else.
   */
  claimCluster(cluster: string, wanted?: string): Promise<string>
  /** The blocks of all clusters. */
  clusterBlocks(): Promise<string[]>
  /** The block of the load balancers: the one it has, else `preferred` if that is free, else another. */
  claimLoadBalancers(preferred?: string): Promise<string>
  /** The block claimed before, if any. */
  loadBalancers(): Promise<string | undefined>
  /**
   * Makes what `choose` returns the ports of the instance itself. `choose` is told the data directory of another instance
   * that has a port, running or not; nobody else chooses meanwhile, and nothing changes when it throws.
   */
  claimPorts(choose: ChoosePorts): Promise<number[]>
  /** Whether a port on 127.0.0.1 is ours now: false when another instance has it. */
  claimHostPort(port: number): Promise<boolean>
  /** Gives up all our ports but these. */
  keepHostPorts(ports: readonly number[]): Promise<void>
  releaseCluster(cluster: string): Promise<void>
  releaseAll(): Promise<void>
  /** The other instances of this computer. */
  others(): Promise<InstanceClaims[]>
}

export type ChoosePorts = (takenBy: (port: number) => string | undefined) => Promise<number[]>

export interface ClaimsOptions {
  instance: { id: string; dataDir: string }
  /** `/run/ccs/claims.json`, unless a test has its own. */
  file?: string
}

export const CLAIMS_FILE = '/run/ccs/claims.json'

function readClaims(file: string): ClaimsFile {
  if (!existsSync(file)) return {}
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as ClaimsFile
  } catch (error) {
    throw new Error(`${file} is damaged; stop all instances of ccs and remove it`, { cause: error })
  }
}

type Edit<T> = (all: ClaimsFile, own: InstanceClaims) => T | Promise<T>

/** Reads the file, lets `edit` change our own part of it, and writes it back, all under the lock. */
async function changeClaims<T>(
  { instance, file = CLAIMS_FILE }: ClaimsOptions,
  edit: Edit<T>,
): Promise<T> {
  const lock = `${file}.lock`
  return withFileLock(lock, async () => {
    const before = readClaims(file)
    const all = withoutVanished(before, existsSync)
    const own = structuredClone(all[instance.id] ?? { dataDir: instance.dataDir, clusters: {} })
    const result = await edit(all, own)
    const { [instance.id]: _, ...others } = all
    const next = isEmpty(own) ? others : { ...others, [instance.id]: own }
    // The last instance that is purged leaves nothing; the lock goes last.
    if (Object.keys(next).length === 0)
      for (const leftover of [file, lock]) rmSync(leftover, { force: true })
    else if (JSON.stringify(next) !== JSON.stringify(before))
      writeFileAtomic(file, `${JSON.stringify(next, null, 2)}\n`, { mode: 0o644 })
    return result
  })
}

/**
 * The candidates in an order of the instance's own: after a reboot nobody knows what an instance has that is not started
 * yet, and one that is made meanwhile should not take just that.
 */
export function ownOrder(candidates: readonly string[], id: string): string[] {
  const first = Number.parseInt(id.slice(-6), 36) % candidates.length
  return [...candidates.slice(first), ...candidates.slice(0, first)]
}

interface Choice {
  candidates: readonly string[]
  /** What others and we ourselves hold already. */
  claimed: readonly string[]
  wanted: string | undefined
}

/** Routes of our own links are no obstacle: their blocks stand in the claims. */
async function pickBlock({ candidates, claimed, wanted }: Choice): Promise<string> {
  const taken = claimed.map(parseCidr)
  if (wanted !== undefined) return chooseBlock([wanted], taken)
  const routes = (await listHostRoutes())
    .filter(({ destination }) => destination.prefix > 0)
    .map(({ destination }) => destination)
  return chooseBlock(candidates, [...taken, ...routes])
}

export function openClaims(options: ClaimsOptions): Claims {
  const change = <T>(edit: Edit<T>) => changeClaims(options, edit)
  const othersIn = (all: ClaimsFile): InstanceClaims[] =>
    Object.entries(all)
      .filter(([id]) => id !== options.instance.id)
      .map(([, claims]) => claims)
  const blocksIn = (all: ClaimsFile, own: InstanceClaims) =>
    [...othersIn(all), own].flatMap(blocksOf)
  const portsOfOthers = (all: ClaimsFile) => othersIn(all).flatMap(portsOf)

  return {
    claimCluster: (cluster, wanted) =>
      change(async (all, own) => {
        const claimed = blocksIn(all, own)
        const block =
          own.clusters[cluster] ??
          (await pickBlock({
            candidates: ownOrder(clusterBlocks, options.instance.id),
            claimed,
            wanted,
          }))
        own.clusters[cluster] = block
        if (wanted !== undefined && formatCidr(parseCidr(wanted)) !== block)
          throw new Error(`cluster ${cluster} has claimed ${block}, not ${wanted}`)
        return block
      }),
    clusterBlocks: () => change((_, own) => Object.values(own.clusters)),
    claimLoadBalancers: (preferred) =>
      change(async (all, own) => {
        const isTaken = othersIn(all)
          .flatMap(blocksOf)
          .includes(preferred ?? '')
        const wanted = isTaken ? undefined : preferred
        const claimed = blocksIn(all, own)
        own.loadBalancers ??= await pickBlock({ candidates: loadBalancerBlocks, claimed, wanted })
        return own.loadBalancers
      }),
    loadBalancers: () => change((_, own) => own.loadBalancers),
    claimPorts: (choose) =>
      change(async (all, own) => {
        const others = othersIn(all)
        own.ports = await choose(
          (port) => others.find((claims) => portsOf(claims).includes(port))?.dataDir,
        )
        return own.ports
      }),
    claimHostPort: (port) =>
      change((all, own) => {
        if (portsOfOthers(all).includes(port)) return false
        own.hostPorts = [...new Set([...(own.hostPorts ?? []), port])]
        return true
      }),
    keepHostPorts: (ports) =>
      change((all, own) => {
        const taken = portsOfOthers(all)
        own.hostPorts = ports.filter((port) => !taken.includes(port))
      }),
    releaseCluster: (cluster) =>
      change((_, own) => {
        delete own.clusters[cluster]
      }),
    releaseAll: () =>
      change((_, own) => {
        own.clusters = {}
        delete own.loadBalancers
        delete own.hostPorts
        delete own.ports
      }),
    others: () => change(othersIn),
  }
}
