import { lstat, opendir } from 'node:fs/promises'
import path from 'node:path'

const BLOCK_BYTES = 512

const isGone = (error: unknown): boolean =>
  ['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')

/** Bytes that a file or directory takes of the disk, as du(1) counts them; what vanishes counts nothing. */
export async function diskUse(
  place: string,
  counted: Set<number> = new Set(),
  device?: number,
): Promise<number> {
  try {
    const stats = await lstat(place)
    // What is mounted below is of another disk.
    if (device !== undefined && stats.dev !== device) return 0
    if (stats.nlink > 1 && !stats.isDirectory()) {
      if (counted.has(stats.ino)) return 0
      counted.add(stats.ino)
    }
    let bytes = stats.blocks * BLOCK_BYTES
    if (!stats.isDirectory()) return bytes
    for await (const { name } of await opendir(place))
      bytes += await diskUse(path.join(place, name), counted, stats.dev)
    return bytes
  } catch (error) {
    if (isGone(error)) return 0
    throw error
  }
}
