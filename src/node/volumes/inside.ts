// Paths that must stay inside a directory, also where those who may write there plant symbolic links,
// or swap a directory for one while it is being looked at.
import { constants } from 'node:fs'
import { type FileHandle, chmod, lstat, mkdir, open, readlink, stat } from 'node:fs/promises'
import path from 'node:path'

const LINKS_MAX = 40
/** open(2): the file is only pointed at, not read. Node.js has no name for it. */
const O_PATH = 0o10000000

const codeOf = (error: unknown) => (error as NodeJS.ErrnoException).code
const isMissing = (error: unknown): boolean => codeOf(error) === 'ENOENT'
const partsOf = (relative: string): string[] =>
  relative.split('/').filter((part) => part !== '' && part !== '.')

/** A path leads out of the directory that it must stay in. */
export class OutsideError extends Error {
  override readonly name = 'OutsideError'
}

/**
 * Resolves `relative` below `root`. Links and ".." that lead out of it are refused, or taken as if
 * `root` were the root of the file system. Parts that do not exist are kept as they are.
 */
export async function resolveInside(
  root: string,
  relative: string,
  outside: 'clamp' | 'refuse' = 'clamp',
): Promise<string> {
  let rest = partsOf(relative)
  let done: string[] = []
  const refuse = (isOut: boolean) => {
    if (isOut && outside === 'refuse') throw new OutsideError(`${relative} leads out of ${root}`)
  }
  for (let links = 0; rest.length > 0;) {
    const [part = '', ...others] = rest
    rest = others
    if (part === '..') {
      refuse(done.length === 0)
      done = done.slice(0, -1)
      continue
    }
    const target = await linkTarget(path.join(root, ...done, part))
    if (target === undefined) {
      done = [...done, part]
      continue
    }
    links += 1
    if (links > LINKS_MAX) throw new OutsideError(`too many symbolic links in ${relative}`)
    refuse(target.startsWith('/'))
    if (target.startsWith('/')) done = []
    rest = [...partsOf(target), ...rest]
  }
  return path.join(root, ...done)
}

async function linkTarget(file: string): Promise<string | undefined> {
  try {
    const stats = await lstat(file)
    return stats.isSymbolicLink() ? await readlink(file) : undefined
  } catch (error) {
    if (isMissing(error) || codeOf(error) === 'ENOTDIR') return undefined
    throw error
  }
}

export type PathKind = 'missing' | 'directory' | 'file' | 'socket' | 'character' | 'block'

export async function kindOfHandle(handle: FileHandle): Promise<Exclude<PathKind, 'missing'>> {
  const stats = await handle.stat()
  if (stats.isDirectory()) return 'directory'
  if (stats.isSocket()) return 'socket'
  if (stats.isCharacterDevice()) return 'character'
  return stats.isBlockDevice() ? 'block' : 'file'
}

/** What to make of a path that does not exist: directories above it, and itself. */
export interface Making {
  kind: 'directory' | 'file'
  /** Of the directories; files get 0644. */
  mode: number
}

const placeIn = (directory: FileHandle, part: string): string =>
  `/proc/self/fd/${directory.fd}/${part}`

async function make(directory: FileHandle, part: string, { kind, mode }: Making): Promise<void> {
  const place = placeIn(directory, part)
  if (kind === 'file') {
    const flags = constants.O_CREAT | constants.O_EXCL | constants.O_WRONLY
    await open(place, flags, 0o644).then((handle) => handle.close())
    return
  }
  await mkdir(place)
  // Not as its first mode: the umask would cut that.
  await using made = await openPart(directory, part)
  await chmod(`/proc/self/fd/${made.fd}`, mode)
}

async function openPart(directory: FileHandle, part: string): Promise<FileHandle> {
  const handle = await open(placeIn(directory, part), O_PATH | constants.O_NOFOLLOW)
  if (!(await handle.stat()).isSymbolicLink()) return handle
  await handle.close()
  throw new OutsideError(`${part} became a symbolic link`)
}

/**
 * Opens a path that `resolveInside` gave, each part from the one before and following no link: what
 * is opened is inside `root` whatever happens there meanwhile. Undefined where there is nothing and
 * nothing is to be made.
 */
export async function openInside(
  root: string,
  resolved: string,
  making: Making | undefined,
): Promise<FileHandle | undefined> {
  const parts = partsOf(path.relative(root, resolved))
  let handle = await open(root, O_PATH | constants.O_DIRECTORY)
  try {
    for (const [at, part] of parts.entries()) {
      const next = await openPart(handle, part).catch(async (error: unknown) => {
        if (!isMissing(error)) throw error
        if (making === undefined) return undefined
        const isLast = at === parts.length - 1
        await make(handle, part, isLast ? making : { ...making, kind: 'directory' })
        return openPart(handle, part)
      })
      await handle.close()
      if (next === undefined) return undefined
      handle = next
    }
    return handle
  } catch (error) {
    await handle.close()
    throw error
  }
}

/** Permissions of a directory, with its set-group-id and sticky bits. */
export const modeOf = async (directory: string): Promise<number> =>
  (await stat(directory)).mode & 0o7777
