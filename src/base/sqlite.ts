// SQLite files: opened with full durability, migrated, refused with a clear error, copied while in use.
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs'
import path from 'node:path'
import { backup, DatabaseSync } from 'node:sqlite'
import { version } from './version.ts'
import { findWalDamage } from './wal-check.ts'

/** What keeps a database from being used. */
export type DatabaseProblem = 'newer' | 'corrupt' | 'in-use' | 'unusable'

export class DatabaseError extends Error {
  readonly problem: DatabaseProblem

  constructor(problem: DatabaseProblem, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.name = 'DatabaseError'
    this.problem = problem
  }
}

export interface SqliteOptions {
  path: string
  /**
   * SQL that brings a file from schema version `index` to `index + 1`. Released entries never change:
   * a new schema is a new entry at the end.
   */
  migrations: readonly string[]
  /** No other process may have the file open at the same time. */
  exclusive?: boolean
  /** How long another process's lock is waited for. */
  busyTimeoutMs?: number
}

const defaultBusyTimeoutMs = 2_000

/** Opens the file, makes it if it is not there, and migrates it. Throws DatabaseError. */
export function openSqlite(options: SqliteOptions): DatabaseSync {
  let database: DatabaseSync | undefined
  try {
    if (!existsSync(options.path)) make(options)
    assertWhole(options.path)
    const hadWal = existsSync(`${options.path}-wal`)
    database = connect(options)
    // A WAL begun anew has no frames of a torn commit left, which would look like damage after the next crash.
    if (hadWal && options.exclusive) database.exec('PRAGMA wal_checkpoint(TRUNCATE)')
    migrate(database, options)
    return database
  } catch (error) {
    database?.close()
    throw explainSqlite(options.path, error)
  }
}

/** Runs `work` in one transaction: all of it is on disk afterwards, or nothing. */
export function inTransaction<T>(database: DatabaseSync, work: () => T): T {
  database.exec('BEGIN IMMEDIATE')
  try {
    const result = work()
    database.exec('COMMIT')
    return result
  } catch (error) {
    // SQLite rolls back by itself after some errors, among them a full disk.
    if (database.isTransaction) database.exec('ROLLBACK')
    throw error
  }
}

/** Copies an open database to `target`; its connection can write meanwhile, the copy has that too. */
export async function backupSqlite(database: DatabaseSync, target: string): Promise<void> {
  const partial = `${target}.partial`
  rmSync(partial, { force: true })
  createPrivately(partial)
  await backUpOnceUnlocked(database, partial)
  syncPath(partial)
  renameSync(partial, target)
  syncPath(path.dirname(target))
}

/**
 * A copy that begins while the same connection writes is refused as locked, which Node tells as "not an error":
 * it takes the state before the first page for the one after the last.
 */
const LOCKED = 'not an error'
const BACKUP_TRIES_MAX = 100

async function backUpOnceUnlocked(database: DatabaseSync, target: string): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      await backup(database, target)
      return
    } catch (error) {
      if ((error as Error).message !== LOCKED || tries === BACKUP_TRIES_MAX) throw error
    }
  }
}

function connect({ path: file, busyTimeoutMs, exclusive }: SqliteOptions): DatabaseSync {
  const database = new DatabaseSync(file, { timeout: busyTimeoutMs ?? defaultBusyTimeoutMs })
  try {
    configure(database, exclusive ?? false)
    return database
  } catch (error) {
    database.close()
    throw error
  }
}

/** Beside its place first: a database that was begun only, and one that lost its bytes, cannot be told apart. */
function make(options: SqliteOptions): void {
  const begun = `${options.path}.new`
  for (const suffix of ['', '-wal', '-shm']) rmSync(`${begun}${suffix}`, { force: true })
  createPrivately(begun)
  const database = connect({ ...options, path: begun })
  try {
    migrate(database, options)
  } finally {
    database.close()
  }
  syncPath(begun)
  renameSync(begun, options.path)
  syncPath(path.dirname(options.path))
}

/** What SQLite would take for a new database, or for the end of a log. */
function assertWhole(file: string): void {
  if (statSync(file).size === 0)
    throw new DatabaseError('corrupt', `${file} is empty. Move it away and put back a backup.`)
  const damage = findWalDamage(file)
  if (damage !== undefined)
    throw new DatabaseError(
      'corrupt',
      `${file}-wal is damaged (${damage}). Move both files away and put back a backup.`,
    )
}

/** Throws DatabaseError when the file's structure is damaged. Reads all of it. */
export function checkStructure(database: DatabaseSync, file: string): void {
  const found = database.prepare('PRAGMA quick_check(1)').get()!.quick_check
  if (found === 'ok') return
  throw new DatabaseError(
    'corrupt',
    `${file} is damaged (${String(found)}). Move it away and put back a backup.`,
  )
}

function configure(database: DatabaseSync, exclusive: boolean): void {
  // Before the first read: an exclusive WAL database then keeps its index in memory, without -shm.
  if (exclusive) database.exec('PRAGMA locking_mode = EXCLUSIVE')
  database.exec('PRAGMA journal_mode = WAL')
  // FULL syncs the WAL at each commit; NORMAL would lose commits at a power failure.
  database.exec('PRAGMA synchronous = FULL')
  database.exec('PRAGMA foreign_keys = ON')
}

function migrate(database: DatabaseSync, { path: file, migrations }: SqliteOptions): void {
  const found = schemaVersion(database)
  if (found > migrations.length) throw newerError(database, file, migrations.length)
  if (found === migrations.length) return
  inTransaction(database, () => {
    database.exec(
      'CREATE TABLE IF NOT EXISTS made_by (schema INTEGER PRIMARY KEY, ccs TEXT NOT NULL)',
    )
    const record = database.prepare('INSERT INTO made_by (schema, ccs) VALUES (?, ?)')
    for (const [index, sql] of migrations.entries()) {
      if (index < found) continue
      database.exec(sql)
      record.run(index + 1, version)
    }
    database.exec(`PRAGMA user_version = ${migrations.length}`)
  })
}

function schemaVersion(database: DatabaseSync): number {
  return database.prepare('PRAGMA user_version').get()!.user_version as number
}

function newerError(database: DatabaseSync, file: string, known: number): DatabaseError {
  const found = schemaVersion(database)
  const table = database
    .prepare("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'made_by'")
    .get()
  const row =
    table === undefined
      ? undefined
      : database.prepare('SELECT ccs FROM made_by WHERE schema = ?').get(found)
  const maker = row === undefined ? 'an unknown program' : `ccs ${String(row.ccs)}`
  const remedy = row === undefined ? 'a newer ccs' : `${maker} or newer`
  return new DatabaseError(
    'newer',
    `${file} has schema version ${found}, made by ${maker}; this is ccs ${version}, which knows` +
      ` versions up to ${known}. Run ${remedy}, or put back a backup of this version.`,
  )
}

/** The primary result codes of SQLite (sqlite.org/rescode.html) that people can do something about. */
const remedies: Readonly<Record<number, { problem: DatabaseProblem; text: string }>> = {
  3: { problem: 'unusable', text: 'may not be opened. Check its owner and mode.' },
  5: { problem: 'in-use', text: 'is in use by another process. Stop that first.' },
  8: {
    problem: 'unusable',
    text: 'cannot be written. Check its mode and how its disk is mounted.',
  },
  10: { problem: 'unusable', text: 'cannot be read or written. Check its disk.' },
  11: { problem: 'corrupt', text: 'is damaged. Move it away and put back a backup.' },
  13: { problem: 'unusable', text: 'cannot grow. Free space on its disk.' },
  14: { problem: 'unusable', text: 'cannot be opened. Check that its directory can be written.' },
  26: { problem: 'corrupt', text: 'is no database. Move it away and put back a backup.' },
}

/** Turns what SQLite said of `file` into what a person can act on; leaves other errors alone. */
export function explainSqlite(file: string, error: unknown): unknown {
  if (!(error instanceof Error && 'errcode' in error && typeof error.errcode === 'number'))
    return error
  const remedy = remedies[error.errcode & 0xff]
  return remedy === undefined
    ? error
    : new DatabaseError(remedy.problem, `${file} ${remedy.text}`, error)
}

/** Makes the file readable by its owner only; SQLite gives its -wal file the same mode. */
function createPrivately(file: string): void {
  mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 })
  closeSync(openSync(file, 'a', 0o600))
}

function syncPath(file: string): void {
  const handle = openSync(file, 'r')
  try {
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
}
