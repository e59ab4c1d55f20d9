// The log as a SQLite file. The log is all there is: current values are the newest row of each key.
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { crc32 } from 'node:zlib'
import {
  backupSqlite,
  checkStructure,
  DatabaseError,
  inTransaction,
  openSqlite,
} from '#base/sqlite.ts'
import type { Change, LogContent, Write } from './committer.ts'
import { storageLimits } from './limits.ts'
import { isCoded } from './value-codec.ts'
import type { StoredValue, WriterAnswers } from './writer-messages.ts'

/**
 * A row's id is its revision times this, plus its place in the commit: rows are only ever appended,
 * without an index, and those of a revision are found by their id.
 */
const idsPerRevision = storageLimits.operationsMax

const cacheKibibytes = 256

const migrations = [
  `CREATE TABLE log (
     id INTEGER PRIMARY KEY,
     key TEXT NOT NULL,
     create_revision INTEGER NOT NULL,
     previous_revision INTEGER NOT NULL,
     value BLOB
   ) STRICT;
   CREATE TABLE compaction (
     one INTEGER PRIMARY KEY CHECK (one = 1),
     revision INTEGER NOT NULL
   ) STRICT;
   INSERT INTO compaction VALUES (1, 0);`,
  // SQLite has checksums for its WAL only; a byte that turns in a page would be served as if it were right.
  `ALTER TABLE log ADD COLUMN checksum INTEGER;
   ALTER TABLE compaction ADD COLUMN checksum INTEGER;`,
]

interface Row {
  id: number
  key: string
  create_revision: number
  previous_revision: number
  value: Uint8Array | null
  /** null in rows of schema version 1. */
  checksum: number | null
}

export class SqliteLog {
  readonly #path: string
  readonly #database: DatabaseSync
  readonly #insert: StatementSync
  readonly #removeKey: StatementSync
  readonly #removeRow: StatementSync
  /** A commit failed and the WAL may still have it. */
  #hasRemains = false

  /** Throws DatabaseError. */
  constructor(path: string) {
    this.#path = path
    this.#database = openSqlite({ path, migrations, exclusive: true })
    try {
      // It is written from its end on: a large cache would only lie idle.
      this.#database.exec(`PRAGMA cache_size = -${cacheKibibytes}`)
      checkStructure(this.#database, path)
      this.#insert = this.#prepareInsert()
      this.#removeKey = this.#database.prepare(
        'DELETE FROM log WHERE id >= ? AND id < ? AND key = ?',
      )
      this.#removeRow = this.#database.prepare('DELETE FROM log WHERE id = ?')
    } catch (error) {
      this.#database.close()
      throw isForeign(error) ? damaged(path, 'its tables are not those of ccs') : error
    }
  }

  #prepareInsert(): StatementSync {
    return this.#database.prepare(
      `INSERT INTO log (id, key, create_revision, previous_revision, value, checksum)
       VALUES (?, ?, ?, ?, ?, ?)`,
    )
  }

  /** Newest revision ever given out, also when compaction removed its rows. */
  get revision(): number {
    const newest = this.#database.prepare('SELECT max(id) AS id FROM log').get()!.id
    return Math.max(newest === null ? 0 : revisionOf(newest as number), this.#compacted)
  }

  content(): LogContent {
    return { revision: this.revision, compacted: this.#compacted, writes: this.#writes() }
  }

  append(writes: readonly Write[]): void {
    try {
      if (this.#hasRemains) this.#dropRemains()
      inTransaction(this.#database, () => {
        for (const { revision, changes } of writes)
          for (const [position, change] of changes.entries())
            this.#insertRow(revision * idsPerRevision + position, change)
      })
    } catch (error) {
      this.#hasRemains = true
      // Says itself what is wrong if the disk does not let it; the next commit tries again.
      this.#dropRemains()
      throw error
    }
  }

  /** Goes some way towards having compacted up to `revision`; false when it is there. */
  compactStep(revision: number): boolean {
    const rows = this.#rowsUpTo(revision)
    const isLast = rows.length < storageLimits.compactionStepRows
    // A step that is not the last may have cut its last commit in two: that one waits.
    const reached = isLast ? revision : revisionOf(rows.at(-1)!.id) - 1
    inTransaction(this.#database, () => {
      for (const row of rows) if (revisionOf(row.id) <= reached) this.#dropSuperseded(row)
      this.#setCompacted(Math.max(this.#compacted, reached))
    })
    return !isLast
  }

  /** Values of keys with one of `prefixes` in the rows after `after`; goes a step and says how far. */
  values(after: number, prefixes: readonly string[]): WriterAnswers['values'] {
    const rows = this.#database
      .prepare('SELECT id, key FROM log WHERE id > ? ORDER BY id LIMIT ?')
      .all(after, storageLimits.recodeStepRows) as unknown as Pick<Row, 'id' | 'key'>[]
    const read = this.#database.prepare('SELECT value FROM log WHERE id = ?')
    const values: StoredValue[] = []
    for (const { id, key } of rows) {
      if (!isCoded({ prefixes }, key)) continue
      const value = read.get(id)!.value as Uint8Array | null
      if (value !== null) values.push({ id, key, value })
    }
    const isLast = rows.length < storageLimits.recodeStepRows
    return { values, after: isLast ? undefined : rows.at(-1)!.id }
  }

  /** Puts other bytes into those of the rows that are still there. */
  replace(values: readonly StoredValue[]): void {
    const read = this.#database.prepare('SELECT * FROM log WHERE id = ?')
    const write = this.#database.prepare('UPDATE log SET value = ?, checksum = ? WHERE id = ?')
    this.#database.exec('PRAGMA secure_delete = ON')
    try {
      inTransaction(this.#database, () => {
        for (const { id, value } of values) {
          const row = read.get(id) as Row | undefined
          if (row !== undefined) write.run(value, checksumOf({ ...row, value }), id)
        }
      })
    } finally {
      this.#database.exec('PRAGMA secure_delete = OFF')
    }
  }

  /** Leaves nothing of what was replaced in file and WAL; with `whole` nor of what was deleted before. */
  scrub(whole: boolean): void {
    if (whole) this.#database.exec('VACUUM')
    this.#dropRemains()
  }

  /**
   * For a file that was restored: gives out revisions above `revision` only, and has watches from before begin anew.
   * The log must be compacted up to its own revision.
   */
  skipTo(revision: number): void {
    inTransaction(this.#database, () => this.#setCompacted(revision))
  }

  backup(path: string): Promise<void> {
    return backupSqlite(this.#database, path)
  }

  close(): void {
    this.#database.close()
  }

  get #compacted(): number {
    const row = this.#database.prepare('SELECT revision, checksum FROM compaction').get()
    if (row === undefined) throw damaged(this.#path, 'it does not say how far it is compacted')
    const revision = row.revision as number
    if (row.checksum !== null && row.checksum !== crc32(String(revision)))
      throw damaged(this.#path, 'the revision of its compaction is not what was written')
    return revision
  }

  #setCompacted(revision: number): void {
    this.#database
      .prepare('UPDATE compaction SET revision = ?, checksum = ? WHERE one = 1')
      .run(revision, crc32(String(revision)))
  }

  #insertRow(id: number, { key, createRevision, previousRevision, value }: Change): void {
    const row = {
      id,
      key,
      create_revision: createRevision,
      previous_revision: previousRevision,
      value,
    }
    this.#insert.run(id, key, createRevision, previousRevision, value, checksumOf(row))
  }

  *#writes(): Generator<Write> {
    const rows = this.#database.prepare('SELECT * FROM log ORDER BY id').iterate()
    let write: { revision: number; changes: Change[] } | undefined
    for (const row of rows as Iterable<unknown> as Iterable<Row>) {
      if (row.checksum !== null && row.checksum !== checksumOf(row))
        throw damaged(this.#path, `the value of ${row.key} is not what was written`)
      const revision = revisionOf(row.id)
      if (write !== undefined && write.revision !== revision) yield write
      if (write?.revision !== revision) write = { revision, changes: [] }
      write.changes.push({
        key: row.key,
        createRevision: row.create_revision,
        previousRevision: row.previous_revision,
        value: row.value,
      })
    }
    if (write !== undefined) yield write
  }

  #rowsUpTo(revision: number) {
    return this.#database
      .prepare(
        `SELECT id, key, previous_revision, value IS NULL AS deleted FROM log
         WHERE id >= ? AND id < ? ORDER BY id LIMIT ?`,
      )
      .all(
        (this.#compacted + 1) * idsPerRevision,
        (revision + 1) * idsPerRevision,
        storageLimits.compactionStepRows,
      ) as unknown as { id: number; key: string; previous_revision: number; deleted: number }[]
  }

  #dropSuperseded(row: { id: number; key: string; previous_revision: number; deleted: number }) {
    const from = row.previous_revision * idsPerRevision
    if (from > 0) this.#removeKey.run(from, from + idsPerRevision, row.key)
    if (row.deleted === 1) this.#removeRow.run(row.id)
  }

  /** If only the sync of a commit failed, the WAL has it whole, and a crash would bring it back. */
  #dropRemains(): void {
    this.#database.exec('PRAGMA wal_checkpoint(TRUNCATE)')
    this.#hasRemains = false
  }
}

/** Over all that a row says. */
function checksumOf(row: Omit<Row, 'checksum'>): number {
  const { id, key, create_revision: created, previous_revision: previous, value } = row
  const head = crc32(`${id} ${created} ${previous} ${value === null ? 'deleted' : 'put'} ${key}`)
  return value === null ? head : crc32(value, head)
}

function damaged(path: string, what: string): DatabaseError {
  return new DatabaseError(
    'corrupt',
    `${path} is damaged (${what}). Move it away and put back a backup.`,
  )
}

/** SQLite's own error (sqlite.org/rescode.html, SQLITE_ERROR) for a statement that does not fit the tables. */
const isForeign = (error: unknown): boolean =>
  error instanceof Error && 'errcode' in error && error.errcode === 1

function revisionOf(id: number): number {
  return Math.floor(id / idsPerRevision)
}
