// Removes files of pods that are gone: an agent that was killed could not.
import { readdir, rm } from 'node:fs/promises'
import path from 'node:path'
import { type MachineDirectories, logsRoot } from '../container/pod-places.ts'
import type { PodCgroups } from '../container/pod-cgroup.ts'
import type { PodVolumes } from '../volumes/pod-volumes.ts'

export interface LeftoverOptions {
  machine: MachineDirectories
  volumes: PodVolumes
  cgroups: PodCgroups
  /** Whether the pod is still of interest. */
  isKnown: (uid: string) => boolean
}

export async function cleanLeftovers(options: LeftoverOptions): Promise<void> {
  const { machine, volumes, cgroups, isKnown } = options
  for (const uid of await volumes.uids()) {
    if (isKnown(uid)) continue
    await volumes.remove(uid)
    cgroups.remove(uid)
  }
  const logs = logsRoot(machine)
  for (const name of await readdir(logs)) {
    // "<namespace>_<name>_<uid>"; none of the three can hold an underscore.
    const uid = name.split('_')[2]
    if (uid !== undefined && !isKnown(uid))
      await rm(path.join(logs, name), { recursive: true, force: true })
  }
}
