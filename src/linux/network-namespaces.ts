// Named network namespaces, kept where `ip netns` keeps them so that people can look inside.
import { readdirSync, rmSync, statfsSync } from 'node:fs'
import { CommandError, run } from './run.ts'

const DIRECTORY = '/run/netns'
/** What statfs says of a namespace's file (NSFS_MAGIC of linux/magic.h). */
const NSFS_MAGIC = 0x6e736673

export const networkNamespacePath = (name: string): string => `${DIRECTORY}/${name}`

export function listNetworkNamespaces(): string[] {
  try {
    return readdirSync(DIRECTORY)
  } catch (error) {
    // The directory comes with the first namespace.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}

/** Makes the namespace unless it is there, and returns its path. */
export async function createNetworkNamespace(name: string): Promise<string> {
  const path = networkNamespacePath(name)
  if (listNetworkNamespaces().includes(name)) {
    if (statfsSync(path).type === NSFS_MAGIC) return path
    // An `ip netns add` that was killed half-way leaves an empty file.
    rmSync(path)
  }
  await run(['ip', 'netns', 'add', name])
  return path
}

/** Removes the name; the kernel removes the namespace when no process is in it any more. */
export async function deleteNetworkNamespace(name: string): Promise<void> {
  if (!listNetworkNamespaces().includes(name)) return
  try {
    await run(['ip', 'netns', 'delete', name])
  } catch (error) {
    const isGone = error instanceof CommandError && !listNetworkNamespaces().includes(name)
    if (!isGone) throw error
  }
}
