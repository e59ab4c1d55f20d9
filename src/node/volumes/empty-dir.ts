// emptyDir volumes: a directory on the machine's disk, or a file system of their own in memory.
import { chmod, chown, mkdir, rename, rm, stat } from 'node:fs/promises'
import { wholeOf } from '#kinds/quantity.ts'
import type { EmptyDirVolumeSource, Pod } from '#kinds/k8s/core.ts'
import type { Quantity } from '#kinds/object.ts'
import { ConfigError } from '../container/config-error.ts'
import type { VolumeMounts } from './volume-mounts.ts'

const MODE = 0o777
const MODE_WITH_GROUP = 0o2777
const PAGE_BYTES = 4_096

export interface EmptyDir {
  place: string
  pod: Pod
  source: EmptyDirVolumeSource
  mounts: VolumeMounts
  allocatable: Readonly<Record<string, Quantity>>
}

const isMissing = (error: unknown): boolean => (error as NodeJS.ErrnoException).code === 'ENOENT'

/** The smallest of what the volume, the pod's limits and the machine allow. */
export function memorySizeBytes({ pod, source, allocatable }: Omit<EmptyDir, 'place' | 'mounts'>) {
  const limits = pod.spec.containers.map(({ resources }) => resources?.limits?.['memory'])
  const bounds = [wholeOf(allocatable['memory'] ?? '1Gi')]
  if (limits.every((limit) => limit !== undefined))
    bounds.push(limits.map(wholeOf).reduce((sum, bytes) => sum + bytes, 0))
  const sizeLimit = wholeOf(source.sizeLimit ?? 0)
  if (sizeLimit > 0) bounds.push(sizeLimit)
  // Without a size, a file system in memory has no bound at all.
  return Math.max(PAGE_BYTES, Math.min(...bounds))
}

async function setAccess(place: string, group: number | undefined): Promise<void> {
  if (group !== undefined) await chown(place, 0, group)
  // Afterwards: the mode of a new directory is cut by the umask, and a new group takes bits away.
  await chmod(place, group === undefined ? MODE : MODE_WITH_GROUP)
}

/** Makes the volume once: what its containers do to it afterwards is theirs. */
export async function prepareEmptyDir(options: EmptyDir): Promise<void> {
  const { place, pod, source, mounts } = options
  const group = pod.spec.securityContext?.fsGroup
  const { medium = '' } = source
  if (medium === 'Memory') {
    await mkdir(place, { recursive: true })
    const mode = group === undefined ? MODE : MODE_WITH_GROUP
    await mounts.tmpfs(place, { sizeBytes: memorySizeBytes(options), mode })
    if (group !== undefined && (await stat(place)).gid !== group) await setAccess(place, group)
    return
  }
  if (medium !== '') throw new ConfigError(`this machine has no memory of medium ${medium}`)
  const exists = await stat(place).catch((error: unknown) => {
    if (isMissing(error)) return undefined
    throw error
  })
  if (exists !== undefined) return
  // Under another name until it is complete: an agent may die at any moment.
  const unfinished = `${place}.new`
  await rm(unfinished, { recursive: true, force: true })
  await mkdir(unfinished, { recursive: true })
  await setAccess(unfinished, group)
  await rename(unfinished, place)
}
