// Copies of a store's file, checked and put back. Nothing else may have the files open.
import {
  closeSync,
  copyFileSync,
  existsSync,
  fsyncSync,
  openSync,
  renameSync,
  rmSync,
} from 'node:fs'
import path from 'node:path'
import { DatabaseError } from '#base/sqlite.ts'
import { storageLimits } from './limits.ts'
import { SqliteLog } from './sqlite-log.ts'
import { isCoded, type ValueCodec } from './value-codec.ts'

export interface CheckedCopy {
  revision: number
  /** Current values. */
  entries: number
}

/** Files of a database beside its main one. */
const COMPANIONS = ['-wal', '-shm'] as const

/** Where a restore prepares the file that will be `file`. While it is there, `file` is not to be used. */
export const restoringFile = (file: string): string => `${file}.restoring`

/** Where the file that a restore replaced is kept. */
export const replacedFile = (file: string): string => `${file}.replaced`

/** Reads all of a copy: its structure, its checksums, its coded values. Throws with what is wrong. */
export function checkCopy(file: string, codec: ValueCodec): CheckedCopy {
  assertThere(file)
  const log = new SqliteLog(file)
  try {
    return checkLog(log, codec)
  } finally {
    log.close()
  }
}

export interface RestoreOptions {
  from: string
  to: string
  codec: ValueCodec
}

export interface Restored extends CheckedCopy {
  /** Revision of the backup; `revision` is the one that the store goes on from. */
  backupRevision: number
  /** Where what was there before is kept. */
  replaced?: string
}

/**
 * Puts a copy in the place of a store's file. No revision that clients may have seen comes again: the store goes on far
 * above those of the copy and of the file it replaces, and watches from before must list anew.
 */
export function restoreCopy({ from, to, codec }: RestoreOptions): Restored {
  assertThere(from)
  const begun = restoringFile(to)
  for (const suffix of ['', ...COMPANIONS]) rmSync(`${begun}${suffix}`, { force: true })
  const atLeast = existsSync(to) ? revisionOf(to) : 0
  copyFileSync(from, begun)
  let made: Restored
  try {
    made = prepare(begun, atLeast, codec)
  } catch (error) {
    for (const suffix of ['', ...COMPANIONS]) rmSync(`${begun}${suffix}`, { force: true })
    throw error instanceof DatabaseError
      ? new DatabaseError(error.problem, error.message.replaceAll(begun, from), error)
      : error
  }
  syncPath(begun)
  const replaced = existsSync(to) ? putAside(to) : undefined
  renameSync(begun, to)
  syncPath(path.dirname(to))
  return replaced === undefined ? made : { ...made, replaced }
}

function prepare(file: string, atLeast: number, codec: ValueCodec): Restored {
  const log = new SqliteLog(file)
  try {
    const { revision: backupRevision, entries } = checkLog(log, codec)
    while (log.compactStep(backupRevision));
    const revision = Math.max(backupRevision, atLeast) + storageLimits.restoreRevisionStep
    log.skipTo(revision)
    return { revision, entries, backupRevision }
  } finally {
    log.close()
  }
}

function checkLog(log: SqliteLog, codec: ValueCodec): CheckedCopy {
  const keys = new Set<string>()
  const { revision, writes } = log.content()
  for (const { changes } of writes)
    for (const { key, value } of changes) {
      if (value === null) keys.delete(key)
      else {
        if (isCoded(codec, key)) codec.decode(key, value)
        keys.add(key)
      }
    }
  return { revision, entries: keys.size }
}

/** The newest revision of a file that will be replaced; 0 when it is too damaged to say. */
function revisionOf(file: string): number {
  try {
    const log = new SqliteLog(file)
    try {
      return log.revision
    } finally {
      log.close()
    }
  } catch (error) {
    // Why it is replaced; that it is in use is a reason not to.
    const isUnreadable =
      error instanceof DatabaseError && (error.problem === 'corrupt' || error.problem === 'newer')
    if (isUnreadable) return 0
    throw error
  }
}

function putAside(file: string): string {
  const kept = replacedFile(file)
  for (const suffix of ['', ...COMPANIONS]) {
    rmSync(`${kept}${suffix}`, { force: true })
    if (existsSync(`${file}${suffix}`)) renameSync(`${file}${suffix}`, `${kept}${suffix}`)
  }
  return kept
}

function assertThere(file: string): void {
  if (!existsSync(file)) throw new DatabaseError('unusable', `${file} is not there.`)
}

function syncPath(file: string): void {
  const handle = openSync(file, 'r')
  try {
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
}
