// hostPath volumes. The host is the machine: its own directory, and /proc and /sys as they are, to
// read only.
import type { FileHandle } from 'node:fs/promises'
import path from 'node:path'
import type { HostPathVolumeSource } from '#kinds/k8s/core.ts'
import { type MachineDirectories, hostRoot, kernelRoot } from '../container/pod-places.ts'
import { ConfigError } from '../container/config-error.ts'
import { type Making, type PathKind, kindOfHandle, openInside, resolveInside } from './inside.ts'

type HostPathType = NonNullable<HostPathVolumeSource['type']>

/** What must be there, in Kubernetes' words, and what is made where nothing is. */
const RULES: Readonly<
  Record<HostPathType, { kind?: PathKind; title?: string; make?: Making['kind'] }>
> = {
  // Without a type nothing is checked; the machine's own tree starts empty, so directories are made.
  '': { make: 'directory' },
  Directory: { kind: 'directory', title: 'a directory' },
  DirectoryOrCreate: { kind: 'directory', title: 'a directory', make: 'directory' },
  File: { kind: 'file', title: 'a file' },
  FileOrCreate: { kind: 'file', title: 'a file', make: 'file' },
  Socket: { kind: 'socket', title: 'a socket file' },
  CharDevice: { kind: 'character', title: 'a character device' },
  BlockDevice: { kind: 'block', title: 'a block device' },
}

export const KERNEL_DIRECTORIES = ['proc', 'sys'] as const
const DIRECTORY_MODE = 0o755

export interface HostPlace {
  /** A directory that only the machine itself can replace. */
  root: string
  /** The place below it, free of links. */
  path: string
  readonly: boolean
}

export async function hostPlace(
  machine: MachineDirectories,
  source: HostPathVolumeSource,
): Promise<HostPlace> {
  const wanted = path.resolve('/', source.path)
  const [, first = ''] = wanted.split('/')
  const isKernels = (KERNEL_DIRECTORIES as readonly string[]).includes(first)
  const root = isKernels ? path.join(kernelRoot(machine), first) : hostRoot(machine)
  const relative = isKernels ? wanted.slice(first.length + 1) : wanted
  return { root, path: await resolveInside(root, relative), readonly: isKernels }
}

/** Opens the place, made where its type says so. Throws what is wrong with it. */
export async function openHostPath(
  place: HostPlace,
  source: HostPathVolumeSource,
): Promise<FileHandle> {
  const { kind, title, make } = RULES[source.type ?? '']
  const making =
    make === undefined || place.readonly ? undefined : { kind: make, mode: DIRECTORY_MODE }
  const handle = await openInside(place.root, place.path, making)
  if (handle === undefined && kind === undefined)
    throw new ConfigError(`hostPath ${source.path} does not exist`)
  if (handle !== undefined && (kind === undefined || (await kindOfHandle(handle)) === kind))
    return handle
  await handle?.close()
  throw new ConfigError(`hostPath type check failed: ${source.path} is not ${title}`)
}
