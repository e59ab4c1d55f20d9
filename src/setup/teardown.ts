// Stopping and removing what an instance made on the computer; works without its engine.
import { existsSync, readdirSync, rmdirSync, rmSync } from 'node:fs'
import path from 'node:path'
import type { Clock } from '#base/clock.ts'
import { silentLogger } from '#base/log.ts'
import { openCgroups } from '#linux/cgroups.ts'
import { purgeInstance as purgeLinux } from '#linux/purge-instance.ts'
import { machinesWithCgroup, stopInstance as stopLinux } from '#linux/stop-instance.ts'
import { removeUnit, type Systemd } from './boot-unit.ts'
import {
  DamagedInstanceError,
  type InstancePaths,
  readInstance,
  writeInstance,
} from './instance.ts'
import { SERVICES, stopService } from './services.ts'

/** How long containers may take to end after SIGTERM. */
const PODS_GRACE_MS = 3_000

/** Stops the containers and runtimes of all machines; returns how many machines there were. */
export async function stopMachines(paths: InstancePaths, clock: Clock): Promise<number> {
  const { id, runDir } = paths
  const count = machinesWithCgroup(openCgroups(), id).length
  await stopLinux({ instance: { id, runDir }, podsGraceMs: PODS_GRACE_MS, clock })
  return count
}

/** Stops all that a supervisor looks after, and the machines. */
export async function stopInstance(paths: InstancePaths, clock: Clock): Promise<void> {
  for (const name of SERVICES.toReversed()) await stopService(paths, name, clock)
  await stopMachines(paths, clock)
}

/** What `--purge` found in the data directory: an instance, nothing, or what is somebody else's. */
export type DataFate = 'removed' | 'none' | 'foreign'

/**
 * Removes all an instance ever made: first what lies outside its data directory, then that. Safe to repeat, also after it
 * was cut off. A directory that never was an instance's is left alone.
 */
export async function purgeInstance(
  paths: InstancePaths,
  { clock, systemd }: { clock: Clock; systemd: Systemd },
): Promise<DataFate> {
  const { id, dataDir, runDir } = paths
  markPurged(paths)
  await removeUnit(systemd, paths)
  await purgeLinux({ instance: { id, dataDir, runDir }, clock, log: silentLogger })
  return removeData(paths)
}

/** Should we be cut off, the next `ccs up` must not take what is left for an instance. */
function markPurged(paths: InstancePaths): void {
  try {
    const file = readInstance(paths)
    if (file !== undefined && !file.isPurged) writeInstance(paths, { ...file, isPurged: true })
  } catch (error) {
    // It is no instance to anyone already.
    if (!(error instanceof DamagedInstanceError)) throw error
  }
}

function removeData({ dataDir, instanceFile }: InstancePaths): DataFate {
  if (!existsSync(dataDir)) return 'none'
  const entries = readdirSync(dataDir)
  if (existsSync(instanceFile)) {
    // The file goes last: until then the rest is known for ours.
    const file = path.basename(instanceFile)
    for (const name of [...entries.filter((entry) => entry !== file), file])
      rmSync(path.join(dataDir, name), { recursive: true, force: true })
  } else if (entries.length > 0) return 'foreign'
  try {
    rmdirSync(dataDir)
  } catch (error) {
    // A disk is mounted there; or the user put something in meanwhile, or it is the root of one ("lost+found").
    const { code } = error as NodeJS.ErrnoException
    if (code !== 'EBUSY' && code !== 'ENOTEMPTY') throw error
  }
  return 'removed'
}
