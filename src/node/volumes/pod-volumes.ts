// The volumes of pods on this machine: made before containers start, kept up to date, removed when
// the pod is gone. Everything can be done again at any time.
import { chmod, chown, mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { Random } from '#base/random.ts'
import type { HostPathVolumeSource, Pod, Volume } from '#kinds/k8s/core.ts'
import { ConfigError } from '../container/config-error.ts'
import type { PodAddresses } from '../container/field-value.ts'
import {
  type MachineDirectories,
  hostRoot,
  memoryRoot,
  podPlaces,
  podsRoot,
} from '../container/pod-places.ts'
import { writeAtomicDirectory } from './atomic-directory.ts'
import { type PathKind, kindOfPath, resolveInside } from './inside.ts'
import { type PayloadContext, projectedPayload } from './projected-payload.ts'

export type VolumeSources = Pick<PayloadContext, 'objects' | 'tokens' | 'allocatable'>

export interface PodVolumesOptions {
  machine: MachineDirectories
  sources: VolumeSources
  random: Random
  now: () => number
}

export interface PodVolumes {
  /** Makes all volumes or brings them up to date; says when a token wants to be replaced. */
  prepare(pod: Pod, addresses: PodAddresses): Promise<{ refreshAtMs: number | undefined }>
  /** The place of a volume on the machine. */
  placeOf(pod: Pod, volume: string): Promise<string>
  remove(uid: string): Promise<void>
  /** Pods that something is left of. */
  uids(): Promise<string[]>
}

/** A volume could not be made. */
export class VolumeError extends Error {
  constructor(volume: string, cause: unknown) {
    const why = cause instanceof Error ? cause.message : String(cause)
    super(`MountVolume.SetUp failed for volume "${volume}" : ${why}`, { cause })
    this.name = 'VolumeError'
  }
}

type HostPathType = NonNullable<HostPathVolumeSource['type']>

const HOST_PATH_RULES: Readonly<
  Record<HostPathType, { kind?: PathKind; make?: 'directory' | 'file' }>
> = {
  '': {},
  Directory: { kind: 'directory' },
  DirectoryOrCreate: { kind: 'directory', make: 'directory' },
  File: { kind: 'file' },
  FileOrCreate: { kind: 'file', make: 'file' },
  Socket: { kind: 'socket' },
  CharDevice: { kind: 'character' },
  BlockDevice: { kind: 'block' },
}

async function prepareHostPath(place: string, source: HostPathVolumeSource): Promise<void> {
  const { kind, make } = HOST_PATH_RULES[source.type ?? '']
  const found = await kindOfPath(place)
  // Without a type nothing is checked; the machine's own tree starts empty, so directories are made.
  if (found === 'missing' && make === 'file') await writeFile(place, '', { mode: 0o644 })
  else if (found === 'missing' && (make === 'directory' || kind === undefined))
    await mkdir(place, { recursive: true, mode: 0o755 })
  else if (kind !== undefined && found !== kind)
    throw new ConfigError(`hostPath type check failed: ${source.path} is not a ${kind}`)
}

const inMemory = (volume: Volume): boolean =>
  volume.emptyDir ? volume.emptyDir.medium === 'Memory' : volume.hostPath === undefined

async function prepareEmptyDir(place: string, group: number | undefined): Promise<void> {
  await mkdir(place, { recursive: true })
  if (group !== undefined) await chown(place, 0, group)
  await chmod(place, group === undefined ? 0o777 : 0o2777)
}

async function namesIn(directory: string): Promise<string[]> {
  return readdir(directory).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  })
}

export function podVolumes(options: PodVolumesOptions): PodVolumes {
  const { machine, sources, random, now } = options

  const placeFor = async (pod: Pod, volume: Volume): Promise<string> => {
    if (volume.hostPath) return resolveInside(hostRoot(machine), volume.hostPath.path)
    const places = podPlaces(machine, pod)
    return path.join(inMemory(volume) ? places.memory : places.directory, 'volumes', volume.name)
  }

  const prepareOne = async (pod: Pod, volume: Volume, addresses: PodAddresses) => {
    const place = await placeFor(pod, volume)
    const group = pod.spec.securityContext?.fsGroup
    if (volume.emptyDir) {
      await prepareEmptyDir(place, group)
      return undefined
    }
    if (volume.hostPath) {
      await prepareHostPath(place, volume.hostPath)
      return undefined
    }
    const currentToken = (file: string) =>
      readFile(path.join(place, '..data', file), 'utf8').catch((error: unknown) => {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
        throw error
      })
    const context = { ...sources, ...addresses, pod, currentToken, nowMs: now() }
    const projected = await projectedPayload(context, volume)
    if (projected === undefined) throw new ConfigError('volumes of this type are not supported')
    const version = `${now()}.${random.suffix(5)}`
    await writeAtomicDirectory(place, projected.payload, { version, group })
    return projected.refreshAtMs
  }

  return {
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
    async placeOf(pod, name) {
      const volume = pod.spec.volumes?.find((candidate) => candidate.name === name)
      if (volume === undefined) throw new ConfigError(`volume "${name}" does not exist`)
      return placeFor(pod, volume)
    },
    async remove(uid) {
      for (const root of [podsRoot(machine), memoryRoot(machine)])
        await rm(path.join(root, uid), { recursive: true, force: true })
    },
    async uids() {
      const names = await Promise.all([podsRoot(machine), memoryRoot(machine)].map(namesIn))
      return [...new Set(names.flat())]
    },
  }
}
