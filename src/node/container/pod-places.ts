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
export const logsRoot = ({ directory }: MachineDirectories): string =>
  path.join(directory, 'logs', 'pods')
/** The root of hostPath volumes. */
export const hostRoot = ({ directory }: MachineDirectories): string => path.join(directory, 'host')

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

export const hostsPath = (places: PodPlaces): string => path.join(places.directory, 'etc-hosts')
