// The cgroup of a pod, above those of its containers: `<pods>/[burstable|besteffort/]pod<uid>`. The
// runtime makes the directories below; the pod's share of CPU and its end are the agent's.
import path from 'node:path'
import type { Pod } from '#kinds/k8s/core.ts'
import { hasCgroupFile, writeCgroupFile } from '#linux/cgroup-files.ts'
import type { CgroupTree } from '#linux/cgroups.ts'
import { cpuSharesOf, podCpuRequestMilli, qosClassOf } from './container-resources.ts'

const QOS_DIRECTORIES = {
  Guaranteed: '',
  Burstable: 'burstable',
  BestEffort: 'besteffort',
} as const

export function podCgroup(podsCgroup: string, pod: Pod): string {
  return path.join(podsCgroup, QOS_DIRECTORIES[qosClassOf(pod)], `pod${pod.metadata.uid}`)
}

/** All places where a pod's cgroup may be when only its uid is known. */
export function podCgroupCandidates(podsCgroup: string, uid: string): string[] {
  return Object.values(QOS_DIRECTORIES).map((qos) => path.join(podsCgroup, qos, `pod${uid}`))
}

export interface PodCgroups {
  /** Makes the pod's cgroup with its share of CPU against other pods. */
  prepare(pod: Pod): void
  /** Removes what is left of a pod's cgroups. */
  remove(uid: string): void
}

// Both files take a number; the scale of v2 is 1 to 10000 for v1's 2 to 262144.
const weightOf = (shares: number): number =>
  Math.max(1, Math.floor(1 + ((shares - 2) * 9999) / 262_142))

/** The one file of these that a hierarchy has says how CPU is shared: v1's, then v2's. */
const SHARE_FILES = { 'cpu.shares': (shares: number) => shares, 'cpu.weight': weightOf } as const

function writeShares(directory: string, shares: number): void {
  for (const [file, scale] of Object.entries(SHARE_FILES))
    if (hasCgroupFile(directory, file)) writeCgroupFile(directory, file, String(scale(shares)))
}

export function podCgroups(podsCgroup: string, tree: CgroupTree): PodCgroups {
  return {
    prepare(pod) {
      const cgroup = podCgroup(podsCgroup, pod)
      tree.create(cgroup)
      const shares = cpuSharesOf(podCpuRequestMilli(pod))
      for (const file of tree.processFiles(cgroup)) writeShares(path.dirname(file), shares)
    },
    remove(uid) {
      for (const cgroup of podCgroupCandidates(podsCgroup, uid)) tree.remove(cgroup)
    },
  }
}
