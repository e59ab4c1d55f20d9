// What a pod may take of its machine's disk, and whether it takes more.
import { addQuantities, wholeOf } from '#kinds/quantity.ts'
import type { Pod, Volume } from '#kinds/k8s/core.ts'
import type { Quantity } from '#kinds/object.ts'

/** Bytes on disk. */
export interface StorageUse {
  /** Writable layer and logs, by name of the container. */
  containers: ReadonlyMap<string, number>
  /** emptyDir volumes that are not in memory, by name. */
  volumes: ReadonlyMap<string, number>
}

const STORAGE = 'ephemeral-storage'

export const emptyDirsOnDisk = ({ spec }: Pod): Volume[] =>
  (spec.volumes ?? []).filter(({ emptyDir }) => emptyDir && emptyDir.medium !== 'Memory')

const containerLimits = ({ spec }: Pod): [name: string, limit: Quantity][] =>
  [...(spec.initContainers ?? []), ...spec.containers].flatMap(({ name, resources }) => {
    const limit = resources?.limits?.[STORAGE]
    return limit === undefined ? [] : [[name, limit]]
  })

const isAbove = (bytes: number | undefined, limit: Quantity): boolean =>
  bytes !== undefined && bytes > wholeOf(limit)

/** Whether there is anything to hold this pod to. */
export const hasStorageLimits = (pod: Pod): boolean =>
  containerLimits(pod).length > 0 || hasVolumeLimits(pod)

export const hasContainerLimits = (pod: Pod): boolean => containerLimits(pod).length > 0

const hasVolumeLimits = (pod: Pod): boolean =>
  emptyDirsOnDisk(pod).some(({ emptyDir }) => wholeOf(emptyDir?.sizeLimit ?? 0) > 0)

/** Why the pod must go, in the kubelet's words and order; undefined when it keeps within its limits. */
export function storageExcess(pod: Pod, use: StorageUse): string | undefined {
  for (const { name, emptyDir } of emptyDirsOnDisk(pod)) {
    const limit = emptyDir?.sizeLimit ?? '0'
    if (wholeOf(limit) > 0 && isAbove(use.volumes.get(name), limit))
      return `Usage of EmptyDir volume "${name}" exceeds the limit "${limit}". `
  }
  const own = new Set(pod.spec.containers.map(({ name }) => name))
  const limits = containerLimits(pod)
  const whole = limits.filter(([name]) => own.has(name)).map(([, limit]) => limit)
  const total = [...use.containers.values(), ...use.volumes.values()].reduce((a, b) => a + b, 0)
  if (whole.length > 0) {
    const limit = whole.reduce((sum, each) => addQuantities(sum, each))
    if (isAbove(total, limit))
      return `Pod ephemeral local storage usage exceeds the total limit of containers ${limit}. `
  }
  for (const [name, limit] of limits)
    if (isAbove(use.containers.get(name), limit))
      return `Container ${name} exceeded its local ephemeral storage limit "${limit}". `
  return undefined
}
