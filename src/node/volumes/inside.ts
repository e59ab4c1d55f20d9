// Paths that must stay inside a directory, also where its owner plants symbolic links.
import { lstat, mkdir, readlink } from 'node:fs/promises'
import path from 'node:path'
import { ConfigError } from '../container/config-error.ts'

const LINKS_MAX = 40

const isMissing = (error: unknown): boolean => (error as NodeJS.ErrnoException).code === 'ENOENT'

/**
 * Resolves `relative` below `root` as if `root` were the root of the file system: links and ".." lead
 * no further than it. Parts that do not exist are kept as they are.
 */
export async function resolveInside(root: string, relative: string): Promise<string> {
  let rest = relative.split('/').filter((part) => part !== '' && part !== '.')
  let done: string[] = []
  for (let links = 0; rest.length > 0;) {
    const [part = '', ...others] = rest
    rest = others
    if (part === '..') {
      done = done.slice(0, -1)
      continue
    }
    const target = await linkTarget(path.join(root, ...done, part))
    if (target === undefined) {
      done = [...done, part]
      continue
    }
    links += 1
    if (links > LINKS_MAX) throw new ConfigError(`too many symbolic links in ${relative}`)
    if (target.startsWith('/')) done = []
    rest = [...target.split('/').filter((p) => p !== '' && p !== '.'), ...rest]
  }
  return path.join(root, ...done)
}

async function linkTarget(file: string): Promise<string | undefined> {
  try {
    const stats = await lstat(file)
    return stats.isSymbolicLink() ? await readlink(file) : undefined
  } catch (error) {
    if (isMissing(error)) return undefined
    throw error
  }
}

export type PathKind = 'missing' | 'directory' | 'file' | 'socket' | 'character' | 'block'

export async function kindOfPath(file: string): Promise<PathKind> {
  try {
    const stats = await lstat(file)
    if (stats.isDirectory()) return 'directory'
    if (stats.isSocket()) return 'socket'
    if (stats.isCharacterDevice()) return 'character'
    return stats.isBlockDevice() ? 'block' : 'file'
  } catch (error) {
    if (isMissing(error)) return 'missing'
    throw error
  }
}

/** The place of a volume's `subPath`; a directory is made where nothing is. */
export async function subPathOf(volume: string, subPath: string): Promise<string> {
  if (subPath.startsWith('/') || subPath.split('/').includes('..'))
    throw new ConfigError(`subPath "${subPath}" must be a relative path without ".."`)
  const place = await resolveInside(volume, subPath)
  if ((await kindOfPath(place)) === 'missing') await mkdir(place, { recursive: true, mode: 0o750 })
  return place
}
