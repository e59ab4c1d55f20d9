// A disk whose power can be cut at any moment: a file system in an image file that is cloned while it is written.
// The image lies on another xfs, which clones a file at one point of time (ioctl_ficlonerange(2)): the clone holds what
// had reached the disk by then, and nothing of what only the kernel knew.
import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** xfs makes none smaller than 300 MB. */
const INNER_BYTES = 400 * 1024 ** 2
const OUTER_BYTES = 4 * 1024 ** 3

/** Why there can be no such disk here, or undefined. */
export async function lacksPowerDisk(): Promise<string | undefined> {
  if (process.getuid?.() !== 0) return 'power loss needs root'
  const hasMkfs = ['/usr/sbin', '/sbin', '/usr/bin'].some((place) =>
    existsSync(path.join(place, 'mkfs.xfs')),
  )
  if (!hasMkfs) return 'power loss needs mkfs.xfs (xfsprogs)'
  if (!existsSync('/dev/loop-control')) return 'power loss needs loop devices'
  return undefined
}

export class PowerDisk {
  readonly #root: string
  #clones = 0

  private constructor(root: string) {
    this.#root = root
  }

  /** Where files live whose power is cut. */
  get place(): string {
    return path.join(this.#root, 'live')
  }

  /** Throws when the kernel has no xfs or gives no loop device: then there is nothing to clean up. */
  static async create(parent: string): Promise<PowerDisk> {
    const disk = new PowerDisk(mkdtempSync(path.join(parent, 'ccs-power-')))
    try {
      await disk.#make('outer.img', OUTER_BYTES, 'outer')
      await disk.#make('outer/inner.img', INNER_BYTES, 'live')
    } catch (error) {
      await disk.remove()
      throw error
    }
    return disk
  }

  /** Cuts the power, as far as a copy of the disk can tell; `use` sees what would be there after the next boot. */
  async cut<T>(use: (place: string) => Promise<T>): Promise<T> {
    const clone = path.join(this.#root, 'outer', `clone-${this.#clones++}.img`)
    const place = path.join(this.#root, 'clone')
    await run('cp', ['--reflink=always', path.join(this.#root, 'outer', 'inner.img'), clone])
    mkdirSync(place, { recursive: true })
    // Its file system has the same identity as the one that is mounted beside it.
    await run('mount', ['-o', 'loop,nouuid', clone, place])
    try {
      return await use(place)
    } finally {
      await run('umount', [place])
      rmSync(clone)
    }
  }

  async remove(): Promise<void> {
    for (const name of ['clone', 'live', 'outer']) {
      const place = path.join(this.#root, name)
      // Not mounted, where it was never made or is gone already.
      if (await isMountPoint(place)) await run('umount', [place])
    }
    rmSync(this.#root, { recursive: true })
  }

  async #make(image: string, bytes: number, name: string): Promise<void> {
    const file = path.join(this.#root, image)
    const place = path.join(this.#root, name)
    writeFileSync(file, '')
    truncateSync(file, bytes)
    await run('mkfs.xfs', ['-q', '-m', 'reflink=1', file])
    mkdirSync(place)
    await run('mount', ['-o', 'loop', file, place])
  }
}

async function isMountPoint(place: string): Promise<boolean> {
  if (!existsSync(place)) return false
  const { stdout } = await run('stat', ['-c', '%m', place])
  return stdout.trim() === place
}
