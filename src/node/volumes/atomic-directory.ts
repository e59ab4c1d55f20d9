// Writes a set of files that readers see change all at once: the files are in a directory of their
// own, the link `..data` names the current one, and the visible names lead through it.
import {
  chmod,
  chown,
  mkdir,
  readFile,
  readdir,
  readlink,
  rename,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises'
import path from 'node:path'
import type { Payload, PayloadFile } from './payload.ts'

const DATA = '..data'

export interface WriteOptions {
  /** A name that no earlier version of this directory has. */
  version: string
  /** Group that gets the files to read. */
  group?: number | undefined
}

function ignoreMissing<T>(fallback: T) {
  return (error: unknown): T => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return fallback
    throw error
  }
}

async function filesBelow(directory: string, prefix = ''): Promise<string[]> {
  const entries = await readdir(directory, { withFileTypes: true })
  const found = await Promise.all(
    entries.map(async (entry) =>
      entry.isDirectory()
        ? filesBelow(path.join(directory, entry.name), `${prefix}${entry.name}/`)
        : [`${prefix}${entry.name}`],
    ),
  )
  return found.flat()
}

/** A group may read all that its owner may. */
const GROUP_READS = 0o440

const modeWith = (mode: number, group: number | undefined): number =>
  group === undefined ? mode : mode | GROUP_READS

async function isAsWanted(place: string, wanted: PayloadFile, group?: number): Promise<boolean> {
  const { mode, uid, gid } = await stat(place)
  if ((mode & 0o7777) !== modeWith(wanted.mode, group)) return false
  if (isOwned(wanted, group) && (uid !== (wanted.user ?? 0) || gid !== (group ?? 0))) return false
  return (await readFile(place)).equals(wanted.content)
}

const isOwned = ({ user }: PayloadFile, group: number | undefined): boolean =>
  user !== undefined || group !== undefined

async function isCurrent(current: string, payload: Payload, group?: number): Promise<boolean> {
  const files = await filesBelow(current).catch(ignoreMissing<string[] | undefined>(undefined))
  if (files === undefined || files.length !== payload.size) return false
  for (const file of files) {
    const wanted = payload.get(file)
    if (wanted === undefined || !(await isAsWanted(path.join(current, file), wanted, group)))
      return false
  }
  return true
}

async function writeFiles(target: string, payload: Payload, group?: number): Promise<void> {
  await mkdir(target, { recursive: true, mode: 0o755 })
  for (const [file, wanted] of payload) {
    const place = path.join(target, file)
    await mkdir(path.dirname(place), { recursive: true, mode: 0o755 })
    // Nobody reads it before it has its owner and mode.
    await writeFile(place, wanted.content, { mode: 0o600 })
    if (isOwned(wanted, group)) await chown(place, wanted.user ?? 0, group ?? 0)
    await chmod(place, modeWith(wanted.mode, group))
  }
}

async function swapLink(directory: string, target: string): Promise<void> {
  const temporary = path.join(directory, `${DATA}_tmp`)
  await rm(temporary, { force: true })
  await symlink(target, temporary)
  await rename(temporary, path.join(directory, DATA))
}

async function linkNames(directory: string, payload: Payload): Promise<void> {
  const wanted = new Set([...payload.keys()].map((file) => file.split('/')[0] ?? ''))
  const entries = await readdir(directory, { withFileTypes: true })
  const links = new Set(entries.filter((entry) => entry.isSymbolicLink()).map(({ name }) => name))
  for (const name of wanted) {
    if (links.has(name)) continue
    // A directory that a mount of a missing key made gives way.
    await rm(path.join(directory, name), { recursive: true, force: true })
    await symlink(path.join(DATA, name), path.join(directory, name))
  }
  for (const name of links)
    if (!name.startsWith('..') && !wanted.has(name)) await rm(path.join(directory, name))
}

async function removeOldVersions(directory: string, current: string): Promise<void> {
  for (const name of await readdir(directory))
    if (name.startsWith('..') && name !== DATA && name !== current)
      await rm(path.join(directory, name), { recursive: true, force: true })
}

/** Makes `directory` hold exactly `payload`; true when that changed something. */
export async function writeAtomicDirectory(
  directory: string,
  payload: Payload,
  { version, group }: WriteOptions,
): Promise<boolean> {
  await mkdir(directory, { recursive: true, mode: 0o755 })
  const data = path.join(directory, DATA)
  const current = await readlink(data).catch(ignoreMissing<string | undefined>(undefined))
  const changed =
    current === undefined || !(await isCurrent(path.join(directory, current), payload, group))
  const name = changed ? `..${version}` : current
  if (changed) {
    await writeFiles(path.join(directory, name), payload, group)
    await swapLink(directory, name)
  }
  // Also when nothing changed: an earlier run may have died between its steps.
  await linkNames(directory, payload)
  await removeOldVersions(directory, name)
  return changed
}
