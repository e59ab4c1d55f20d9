// What volumes ask of the kernel's mount table.
import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { bindMount, makePrivate, mountTmpfs, mountsUnder, unmountUnder } from '#linux/mounts.ts'

export interface VolumeMounts {
  /** Puts a file system in memory at a directory, unless there is one. */
  tmpfs(target: string, options: { sizeBytes: number; mode: number }): Promise<void>
  /** Shows an open file or directory at `target`, in place of what was shown there before. */
  bind(
    source: { fd: number; isDirectory: boolean },
    target: string,
    options: { shared: boolean },
  ): Promise<void>
  /** Shows a directory of the computer at a second place, once. */
  show(
    source: string,
    target: string,
    options: { readonly: boolean; shared: boolean },
  ): Promise<void>
  /** Takes away all mounts at and below a directory. */
  unmount(directory: string): Promise<void>
}

const isMounted = (target: string): boolean =>
  mountsUnder(target).some((mount) => mount.target === target)

async function emptyTarget(target: string, isDirectory: boolean): Promise<void> {
  if (isDirectory) {
    await mkdir(target, { recursive: true, mode: 0o755 })
    return
  }
  await mkdir(path.dirname(target), { recursive: true, mode: 0o755 })
  await writeFile(target, '')
}

/** What a container mounted below a volume is still there for the others who have that volume. */
async function unmountAlone(directory: string): Promise<void> {
  await makePrivate(directory)
  await unmountUnder(directory)
}

export const linuxVolumeMounts: VolumeMounts = {
  async tmpfs(target, { sizeBytes, mode }) {
    if (!isMounted(target)) await mountTmpfs({ target, sizeBytes, mode })
  },
  async bind({ fd, isDirectory }, target, { shared: isShared }) {
    await unmountAlone(target)
    await emptyTarget(target, isDirectory)
    await bindMount({
      source: `/proc/${process.pid}/fd/${fd}`,
      target,
      isShared,
      isRecursive: true,
    })
  },
  async show(source, target, { readonly, shared: isShared }) {
    await mkdir(target, { recursive: true, mode: 0o755 })
    if (!isMounted(target))
      await bindMount({ source, target, readonly, isShared, isRecursive: false })
  },
  unmount: unmountAlone,
}
