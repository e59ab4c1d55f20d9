// Stopping and removing what an instance made on the computer; works without its engine.
import type { Clock } from '#base/clock.ts'
import { silentLogger } from '#base/log.ts'
import { openCgroups } from '#linux/cgroups.ts'
import { unmountUnder } from '#linux/mounts.ts'
import { purgeInstance as purgeLinux } from '#linux/purge-instance.ts'
import { machinesWithCgroup, stopInstance } from '#linux/stop-instance.ts'
import type { InstancePaths } from './instance.ts'

/** How long containers may take to end after SIGTERM. */
const PODS_GRACE_MS = 3_000

/** Stops the containers and runtimes of all machines; returns how many machines there were. */
export async function stopMachines(paths: InstancePaths, clock: Clock): Promise<number> {
  const { id, runDir } = paths
  const count = machinesWithCgroup(openCgroups(), id).length
  await stopInstance({ instance: { id, runDir }, podsGraceMs: PODS_GRACE_MS, clock })
  return count
}

/** Removes all an instance made outside its data directory. Safe to repeat. */
export async function purgeInstance(paths: InstancePaths, clock: Clock): Promise<void> {
  const { id, dataDir, runDir } = paths
  await purgeLinux({ instance: { id, dataDir, runDir }, clock, log: silentLogger })
  // Layers of an image build that was cut off.
  await unmountUnder(dataDir)
}
