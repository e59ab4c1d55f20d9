// The volumes of pods on this machine: made before containers start, kept up to date, removed when
// the pod is gone. Everything can be done again at any time.
import { open, readFile, readdir, rm } from 'node:fs/promises'
import path from 'node:path'
import type { Random } from '#base/random.ts'
import type { Pod, Volume } from '#kinds/k8s/core.ts'
import { ConfigError } from '../container/config-error.ts'
import type { PodAddresses } from '../container/field-value.ts'
import {
  type MachineDirectories,
  memoryRoot,
  podPlaces,
  podsRoot,
} from '../container/pod-places.ts'
import { nodeLimits } from '../limits.ts'
import { writeAtomicDirectory } from './atomic-directory.ts'
import { prepareEmptyDir } from './empty-dir.ts'
import { type HostPlace, hostPlace, openHostPath } from './host-path.ts'
import { kindOfHandle, openInside, resolveInside } from './inside.ts'
import { type PayloadContext, projectedPayload } from './projected-payload.ts'
import type { VolumeMounts } from './volume-mounts.ts'

export type VolumeSources = Pick<PayloadContext, 'objects' | 'tokens' | 'allocatable'>

export interface PodVolumesOptions {
  machine: MachineDirectories
  sources: VolumeSources
  mounts: VolumeMounts
  random: Random
  now: () => number
}

export interface PodVolumes {
  /** Makes all volumes or brings them up to date; says when a token wants to be replaced. */
  prepare(pod: Pod, addresses: PodAddresses): Promise<{ refreshAtMs: number | undefined }>
  /** The place of a volume on the machine. */
  placeOf(pod: Pod, volume: string): Promise<VolumePlace>
  /** The text of a file in a volume; undefined where there is none. */
  readFile(pod: Pod, volume: string, file: string): Promise<string | undefined>
  remove(uid: string): Promise<void>
  /** Pods that something is left of. */
  uids(): Promise<string[]>
}

export interface VolumePlace extends HostPlace {
  /** Others than this pod may write there, so it is looked at again when it is mounted. */
  isHostPath: boolean
}

/** A volume could not be made. */
export class VolumeError extends Error {
  constructor(volume: string, cause: unknown) {
    const why = cause instanceof Error ? cause.message : String(cause)
    super(`MountVolume.SetUp failed for volume "${volume}" : ${why}`, { cause })
    this.name = 'VolumeError'
  }
}

const isMissing = (error: unknown): boolean => (error as NodeJS.ErrnoException).code === 'ENOENT'

async function namesIn(directory: string): Promise<string[]> {
  return readdir(directory).catch((error: unknown) => {
    if (isMissing(error)) return []
    throw error
  })
}

async function textOrNothing(file: string): Promise<string | undefined> {
  return readFile(file, 'utf8').catch((error: unknown) => {
    if (isMissing(error)) return undefined
    throw error
  })
}

async function readStart(file: string, bytesMax: number): Promise<string> {
  await using handle = await open(file)
  if ((await handle.stat()).size > bytesMax)
    throw new ConfigError(`a file of environment variables may have ${bytesMax} bytes at most`)
  return handle.readFile('utf8')
}

/** Made of objects of the API: those change under the API's hands only. */
const isReadonly = (volume: Volume): boolean =>
  [volume.configMap, volume.secret, volume.projected, volume.downwardAPI].some(Boolean)

export function podVolumes(options: PodVolumesOptions): PodVolumes {
  const { machine, sources, mounts, random, now } = options

  /** On disk only what may be large; all else is gone when the machine is. */
  const ownPlace = (pod: Pod, volume: Volume): string => {
    const places = podPlaces(machine, pod)
    const onDisk = volume.emptyDir !== undefined && volume.emptyDir.medium !== 'Memory'
    return path.join(onDisk ? places.directory : places.memory, 'volumes', volume.name)
  }

  const prepareProjected = async (pod: Pod, volume: Volume, addresses: PodAddresses) => {
    const place = ownPlace(pod, volume)
    const currentToken = (file: string) => textOrNothing(path.join(place, '..data', file))
    const context = { ...sources, ...addresses, pod, currentToken, nowMs: now() }
    const projected = await projectedPayload(context, volume)
    if (projected === undefined) throw new ConfigError('volumes of this type are not supported')
    const version = `${now()}.${random.suffix(5)}`
    const group = pod.spec.securityContext?.fsGroup
    await writeAtomicDirectory(place, projected.payload, { version, group })
    return projected.refreshAtMs
  }

  const prepareOne = async (pod: Pod, volume: Volume, addresses: PodAddresses) => {
    const { emptyDir, hostPath } = volume
    if (emptyDir !== undefined) {
      const { allocatable } = sources
      const place = ownPlace(pod, volume)
      await prepareEmptyDir({ place, pod, source: emptyDir, mounts, allocatable })
    } else if (hostPath !== undefined) {
      await using _ = await openHostPath(await hostPlace(machine, hostPath), hostPath)
    } else {
      return prepareProjected(pod, volume, addresses)
    }
    return undefined
  }

  const placeOf = async (pod: Pod, name: string): Promise<VolumePlace> => {
    const volume = pod.spec.volumes?.find((candidate) => candidate.name === name)
    if (volume === undefined) throw new ConfigError(`volume "${name}" does not exist`)
    if (volume.hostPath) return { ...(await hostPlace(machine, volume.hostPath)), isHostPath: true }
    const place = ownPlace(pod, volume)
    return { root: place, path: place, readonly: isReadonly(volume), isHostPath: false }
  }

  return {
    placeOf,
    async prepare(pod, addresses) {
      const refreshes: number[] = []
      for (const volume of pod.spec.volumes ?? []) {
        const refreshAtMs = await prepareOne(pod, volume, addresses).catch((cause: unknown) => {
          throw new VolumeError(volume.name, cause)
        })
        if (refreshAtMs !== undefined) refreshes.push(refreshAtMs)
      }
      return { refreshAtMs: refreshes.length === 0 ? undefined : Math.min(...refreshes) }
    },
    async readFile(pod, name, file) {
      const place = await placeOf(pod, name)
      const resolved = await resolveInside(place.path, file, 'refuse')
      await using found = await openInside(place.root, resolved, undefined)
      if (found === undefined) return undefined
      if ((await kindOfHandle(found)) !== 'file') throw new ConfigError(`${file} is not a file`)
      return readStart(`/proc/self/fd/${found.fd}`, nodeLimits.envFileBytesMax)
    },
    async remove(uid) {
      // What is bound below belongs to others: it must not be emptied with the directory.
      await mounts.unmount(path.join(memoryRoot(machine), uid))
      for (const root of [podsRoot(machine), memoryRoot(machine)])
        await rm(path.join(root, uid), { recursive: true, force: true })
    },
    async uids() {
      const names = await Promise.all([podsRoot(machine), memoryRoot(machine)].map(namesIn))
      return [...new Set(names.flat())]
    },
  }
}
