// A mount table in memory, for tests without root: what would be bound is a link.
import { chmod, mkdir, realpath, symlink, unlink } from 'node:fs/promises'
import path from 'node:path'
import type { VolumeMounts } from './volume-mounts.ts'

export interface FakeVolumeMounts extends VolumeMounts {
  /** What is mounted: a size, or where a bind leads, by target. */
  readonly mounted: Map<string, string>
}

export function fakeVolumeMounts(): FakeVolumeMounts {
  const mounted = new Map<string, string>()
  const link = async (source: string, target: string) => {
    await mkdir(path.dirname(target), { recursive: true })
    await symlink(source, target)
    mounted.set(target, source)
  }
  return {
    mounted,
    async tmpfs(target, { sizeBytes, mode }) {
      await chmod(target, mode)
      mounted.set(target, `tmpfs ${sizeBytes}`)
    },
    bind: async ({ fd }, target) => link(await realpath(`/proc/self/fd/${fd}`), target),
    show: async (source, target) => {
      if (!mounted.has(target)) await link(source, target)
    },
    async unmount(directory) {
      for (const [target, what] of mounted) {
        if (target !== directory && !target.startsWith(`${directory}/`)) continue
        mounted.delete(target)
        if (!what.startsWith('tmpfs')) await unlink(target)
      }
    },
  }
}
