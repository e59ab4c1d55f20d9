// Whether a directory may become, or go on as, the data directory of an instance. `ccs down --purge` removes all that is
// in it, so it must be the instance's alone.
import { existsSync, readdirSync } from 'node:fs'
import path from 'node:path'
import { type InstanceFile, readInstance, type InstancePaths } from './instance.ts'
import { SetupError } from './setup-error.ts'

/** What a file system's own root may hold. */
const NOBODYS = new Set(['lost+found'])

const isWithin = (inner: string, outer: string) => inner.startsWith(`${outer.replace(/\/$/, '')}/`)

/** -1, 0 or 1, as `left` is older than, the same as or newer than `right`; both are MAJOR.MINOR.PATCH. */
export function compareVersions(left: string, right: string): number {
  const parts = (version: string) => version.split(/[.+-]/).slice(0, 3).map(Number)
  const theirs = parts(right)
  for (const [i, part] of parts(left).entries())
    if (part !== theirs[i]) return part < (theirs[i] ?? 0) ? -1 : 1
  return 0
}

/** The entries that keep a directory from being taken; none when it is free or not there. */
function foreignEntries(directory: string): string[] {
  try {
    return readdirSync(directory).filter((name) => !NOBODYS.has(name))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw new SetupError(`cannot look into ${directory}`, { cause: error })
  }
}

/** Another instance that contains the directory or lies in it. */
export function nestedWith(dataDir: string, others: readonly string[]): string | undefined {
  return others.find((other) => isWithin(dataDir, other) || isWithin(other, dataDir))
}

/**
 * The instance that is in the directory, or undefined when one may be made there. Throws a SetupError that says why
 * neither is so.
 */
export function examineDataDirectory(
  paths: InstancePaths,
  { version, others }: { version: string; others: readonly string[] },
): InstanceFile | undefined {
  const { dataDir } = paths
  const file = readInstance(paths)
  if (file !== undefined) {
    if (compareVersions(file.version, version) > 0)
      throw new SetupError(
        `the instance in ${dataDir} was last run by ccs ${file.version}, and this is ccs ${version}, which may not ` +
          `understand its data. Use that version or a newer one`,
      )
    return file
  }
  const entries = foreignEntries(dataDir)
  if (entries.length > 0)
    throw new SetupError(
      `${dataDir} holds no instance of ccs but other things (${entries.slice(0, 3).join(', ')}${entries.length > 3 ? ', ...' : ''}). ` +
        'Name an empty directory, or one that is not there yet, with --data-dir',
    )
  for (let parent = path.dirname(dataDir); ; parent = path.dirname(parent)) {
    if (existsSync(path.join(parent, 'instance.json')) && existsSync(path.join(parent, 'pki')))
      throw new SetupError(
        `${dataDir} lies in the instance of ccs in ${parent}, which would remove it with its own data. Name another with --data-dir`,
      )
    if (parent === path.dirname(parent)) break
  }
  const nested = nestedWith(dataDir, others)
  if (nested !== undefined)
    throw new SetupError(
      `${dataDir} and the instance of ccs in ${nested} lie in each other. Name another with --data-dir`,
    )
  return undefined
}
