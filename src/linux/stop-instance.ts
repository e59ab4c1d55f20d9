// Stops all machines of an instance, as `ccs down` does; networks and data stay for the next start.
import path from 'node:path'
import type { Clock } from '#base/clock.ts'
import { type CgroupTree, openCgroups } from './cgroups.ts'
import { instanceNames } from './instance-names.ts'
import { stopMachineProcesses } from './machine-processes.ts'

export interface StopInstanceOptions {
  instance: { id: string; runDir: string }
  /** How long containers may take to end after SIGTERM. */
  podsGraceMs: number
  clock: Clock
}

/** The machines that have a cgroup, running or not. */
export function machinesWithCgroup(
  tree: CgroupTree,
  id: string,
): { cluster: string; machine: string }[] {
  const { cgroup } = instanceNames(id)
  return tree
    .children(cgroup)
    .flatMap((cluster) =>
      tree.children(`${cgroup}/${cluster}`).map((machine) => ({ cluster, machine })),
    )
}

export async function stopInstance(options: StopInstanceOptions): Promise<void> {
  const { instance, podsGraceMs, clock } = options
  const tree = openCgroups()
  const names = instanceNames(instance.id)
  await Promise.all(
    machinesWithCgroup(tree, instance.id).map(({ cluster, machine }) =>
      stopMachineProcesses(
        {
          tree,
          cgroup: names.machineCgroup(cluster, machine),
          runDir: path.join(instance.runDir, cluster, machine),
          clock,
        },
        { podsGraceMs },
      ),
    ),
  )
}
