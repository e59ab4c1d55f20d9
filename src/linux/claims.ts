// Which address blocks the instances of this computer have claimed: /run/ccs/claims.json, changed
// under a lock. After a reboot the file is gone and instances claim again what they had.
import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
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

/** The first candidate that overlaps nothing taken. */
export function chooseBlock(candidates: readonly string[], taken: readonly Cidr[]): string {
  const free = candidates.find((candidate) => {
    const range = parseCidr(candidate)
    return !taken.some((other) => overlaps(range, other))
  })
  if (free === undefined)
    throw new NoBlockLeftError(
      `every address block from ${candidates[0]} to ${candidates.at(-1)} is taken by a route of this computer or by another cluster (see 'ip route' and /run/ccs/claims.json)`,
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
  claimLoadBalancers(wanted?: string): Promise<string>
  /** The block claimed before, if any. */
  loadBalancers(): Promise<string | undefined>
  releaseCluster(cluster: string): Promise<void>
  releaseAll(): Promise<void>
}

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

export function openClaims({ instance, file = CLAIMS_FILE }: ClaimsOptions): Claims {
  const change = async <T>(edit: (all: ClaimsFile, own: InstanceClaims) => T | Promise<T>) => {
    mkdirSync(path.dirname(file), { recursive: true, mode: 0o755 })
    return withFileLock(`${file}.lock`, async () => {
      const before = readClaims(file)
      const all = withoutVanished(before, existsSync)
      const own = structuredClone(all[instance.id] ?? { dataDir: instance.dataDir, clusters: {} })
      const result = await edit(all, own)
      const isEmpty = blocksOf(own).length === 0
      const { [instance.id]: _, ...others } = all
      const next = isEmpty ? others : { ...others, [instance.id]: own }
      if (JSON.stringify(next) !== JSON.stringify(before))
        writeFileAtomic(file, `${JSON.stringify(next, null, 2)}\n`, { mode: 0o644 })
      return result
    })
  }

  /** Routes of our own links are no obstacle: their blocks stand in the claims. */
  const pick = async (
    candidates: readonly string[],
    { all, own, wanted }: { all: ClaimsFile; own: InstanceClaims; wanted: string | undefined },
  ): Promise<string> => {
    const others = Object.entries(all).filter(([id]) => id !== instance.id)
    const claimed = [...others.map(([, claims]) => claims), own].flatMap(blocksOf).map(parseCidr)
    if (wanted !== undefined) return chooseBlock([wanted], claimed)
    const routes = (await listHostRoutes())
      .filter(({ destination }) => destination.prefix > 0)
      .map(({ destination }) => destination)
    return chooseBlock(candidates, [...claimed, ...routes])
  }

  return {
    claimCluster: (cluster, wanted) =>
      change(async (all, own) => {
        const block = own.clusters[cluster] ?? (await pick(clusterBlocks, { all, own, wanted }))
        own.clusters[cluster] = block
        if (wanted !== undefined && formatCidr(parseCidr(wanted)) !== block)
          throw new Error(`cluster ${cluster} has claimed ${block}, not ${wanted}`)
        return block
      }),
    claimLoadBalancers: (wanted) =>
      change(async (all, own) => {
        own.loadBalancers ??= await pick(loadBalancerBlocks, { all, own, wanted })
        return own.loadBalancers
      }),
    loadBalancers: () => change((_, own) => own.loadBalancers),
    releaseCluster: (cluster) =>
      change((_, own) => {
        delete own.clusters[cluster]
      }),
    releaseAll: () =>
      change((_, own) => {
        own.clusters = {}
        delete own.loadBalancers
      }),
  }
}
