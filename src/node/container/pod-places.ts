// Where a pod's things are on the machine.
import path from 'node:path'
import type { Pod } from '#kinds/k8s/core.ts'

export interface MachineDirectories {
  /** On disk; outlives a restart of the computer. */
  directory: string
  /** Below /run. */
  runDirectory: string
}

export interface PodPlaces {
  /** etc-hosts, termination messages and volumes on disk. */
  directory: string
  /** Volumes in memory: Secrets, tokens, emptyDirs of medium Memory. */
  memory: string
  logs: string
}

export const memoryRoot = ({ runDirectory }: MachineDirectories): string =>
  path.join(runDirectory, 'memory')
export const podsRoot = ({ directory }: MachineDirectories): string => path.join(directory, 'pods')
/** Which images were pulled with whose Secrets. */
export const pulledImagesFile = ({ directory }: MachineDirectories): string =>
  path.join(directory, 'pulled-images.json')
export const logsRoot = ({ directory }: MachineDirectories): string =>
  path.join(directory, 'logs', 'pods')
/** What hostPath volumes have on disk. */
export const hostData = ({ directory }: MachineDirectories): string => path.join(directory, 'host')
/** The same, as a mount of its own: mounts made below it are seen by all who have it. */
export const hostRoot = ({ runDirectory }: MachineDirectories): string =>
  path.join(runDirectory, 'host')
/** The kernel's own file systems, to read only. */
export const kernelRoot = ({ runDirectory }: MachineDirectories): string =>
  path.join(runDirectory, 'kernel')

export function podPlaces(
  machine: MachineDirectories,
  { metadata }: Pick<Pod, 'metadata'>,
): PodPlaces {
  const uid = metadata.uid ?? ''
  return {
    directory: path.join(podsRoot(machine), uid),
    memory: path.join(memoryRoot(machine), uid),
    logs: path.join(logsRoot(machine), `${metadata.namespace}_${metadata.name}_${uid}`),
  }
}

/** Relative to the pod's log directory. */
export const logPath = (container: string, attempt: number): string => `${container}/${attempt}.log`

export const terminationFile = (places: PodPlaces, container: string, attempt: number): string =>
  path.join(places.directory, 'containers', container, `${attempt}.termination`)

/** Where a part of a volume is bound for one mount of a container. */
export const boundMount = (places: PodPlaces, container: string, index: number): string =>
  path.join(places.memory, 'mounts', container, String(index))

export const hostsPath = (places: PodPlaces): string => path.join(places.directory, 'etc-hosts')
