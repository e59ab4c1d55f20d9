// What instances that are gone have left on the computer: namespaces, cgroups and tables whose data directory nobody
// claims any more.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import type { Clock } from '#base/clock.ts'
import { silentLogger } from '#base/log.ts'
import { openCgroups } from '#linux/cgroups.ts'
import { CLAIMS_FILE, type ClaimsFile, withoutVanished } from '#linux/claims.ts'
import { instanceNames } from '#linux/instance-names.ts'
import { listNetworkNamespaces } from '#linux/network-namespaces.ts'
import { argvOf } from '#linux/process-identity.ts'
import { purgeInstance } from '#linux/purge-instance.ts'
import { run } from '#linux/run.ts'
import { instanceId } from '../instance.ts'
import { type Check, type Finding, ok, warn } from './check.ts'

export interface Leftover {
  id: string
  /** "2 namespaces", "1 table" */
  what: string[]
  /** Set while containers of it still run: where their instance lay. */
  dataDir?: string
}

/** Ids of instances in names that they give: "ccs-abcdef_local" is one, "ccs-test-net" none. */
const idIn = (name: string): string | undefined => /^ccs-?([a-z2-7]{6})(?![a-z0-9])/.exec(name)?.[1]

/** Counts by id what belongs to none of the living. */
export function findLeftovers(
  places: Readonly<Record<string, readonly string[]>>,
  living: ReadonlySet<string>,
): Leftover[] {
  const byId = new Map<string, Map<string, number>>()
  for (const [kind, names] of Object.entries(places))
    for (const name of names) {
      const id = idIn(name)
      if (id === undefined || living.has(id)) continue
      const counts = byId.get(id) ?? new Map<string, number>()
      counts.set(kind, (counts.get(kind) ?? 0) + 1)
      byId.set(id, counts)
    }
  return [...byId].map(([id, counts]) => ({
    id,
    what: [...counts].map(([kind, count]) => `${count} ${kind}`),
  }))
}

/** Data directories that processes of an instance name on their command line. */
function runningDataDirs(): string[] {
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .flatMap((entry) => {
      const argv = argvOf(Number(entry))
      const main = argv.findIndex((word) =>
        /\/src\/main\/(engine|registry|edge|supervisor)\.ts$/.test(word),
      )
      const dataDir = main === -1 ? undefined : argv[main + 1]
      return dataDir === undefined ? [] : [dataDir]
    })
}

/** Ids of instances that someone may still want: claimed with their data there, or running. */
function livingIds(): Set<string> {
  const claims = existsSync(CLAIMS_FILE)
    ? (JSON.parse(readFileSync(CLAIMS_FILE, 'utf8')) as ClaimsFile)
    : {}
  return new Set([
    ...Object.keys(withoutVanished(claims, existsSync)),
    ...runningDataDirs().map(instanceId),
  ])
}

export async function readLeftovers(ownId: string): Promise<Leftover[]> {
  const tables = (await run(['nft', 'list', 'tables']))
    .split('\n')
    .map((line) => line.split(' ')[2] ?? '')
  const places = {
    namespaces: listNetworkNamespaces(),
    links: readdirSync('/sys/class/net').map((name) => name.replace(/^ccs(.{6}).*/, 'ccs-$1')),
    tables,
    cgroups: openCgroups()
      .children('/')
      .map((name) => path.basename(name)),
  }
  // Of our own, a down instance keeps its networks.
  const found = findLeftovers(places, livingIds().add(ownId))
  return found.map((leftover) => {
    const dataDir = dataDirOfContainers(leftover.id)
    return dataDir === undefined ? leftover : { ...leftover, dataDir }
  })
}

/** Where the instance lay whose containers still run, by the configuration their containerd was started with. */
function dataDirOfContainers(id: string): string | undefined {
  const pids = openCgroups().processes(instanceNames(id).cgroup)
  const configs = pids.flatMap((pid) => argvOf(pid).filter((word) => word.includes('/clusters/')))
  if (pids.length === 0) return undefined
  return configs[0]?.split('/clusters/')[0] ?? '(unknown)'
}

export function judgeLeftovers(leftovers: readonly Leftover[]): Finding[] {
  if (leftovers.length === 0) return [ok('nothing of instances that are gone')]
  return leftovers.map(({ id, what, dataDir }) =>
    warn(
      `instance ${id}, whose data are gone, left ${what.join(', ')}${dataDir === undefined ? '' : ' and containers that run'}`,
      dataDir === undefined
        ? "'ccs doctor --fix' removes it"
        : `'ccs down --purge --data-dir ${dataDir}' removes it`,
    ),
  )
}

export const leftoverCheck: Check<{ id: string }> = {
  name: 'leftovers',
  look: async ({ id }) => judgeLeftovers(await readLeftovers(id)),
}

/** Removes what is left of instances that are gone, unless containers of theirs still run. */
export async function removeLeftovers(
  ownId: string,
  clock: Clock,
  isWanted: (id: string) => boolean = () => true,
): Promise<Leftover[]> {
  const idle = (await readLeftovers(ownId)).filter(
    ({ id, dataDir }) => dataDir === undefined && isWanted(id),
  )
  for (const { id } of idle) {
    // The purge goes by names that hold the id; of data it knows none.
    const instance = { id, dataDir: `/run/ccs/${id}`, runDir: `/run/ccs/${id}` }
    await purgeInstance({ instance, clock, log: silentLogger })
  }
  return idle
}
