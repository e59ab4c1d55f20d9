// The log as a SQLite file. The log is all there is: current values are the newest row of each key.
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { backupSqlite, inTransaction, openSqlite } from '#base/sqlite.ts'
import type { Change, LogContent, Write } from './committer.ts'
import { storageLimits } from './limits.ts'

/**
 * A row's id is its revision times this, plus its place in the commit: rows are only ever appended,
 * without an index, and those of a revision are found by their id.
 */
const idsPerRevision = storageLimits.operationsMax

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
]

interface Row {
  id: number
  key: string
  create_revision: number
  previous_revision: number
  value: Uint8Array | null
}

export class SqliteLog {
  readonly #database: DatabaseSync
  readonly #insert: StatementSync
  readonly #removeKey: StatementSync
  readonly #removeRow: StatementSync
  /** A commit failed and the WAL may still have it. */
  #hasRemains = false

  /** Throws DatabaseError. */
  constructor(path: string) {
    this.#database = openSqlite({ path, migrations, exclusive: true })
    this.#insert = this.#database.prepare(
      `INSERT INTO log (id, key, create_revision, previous_revision, value) VALUES (?, ?, ?, ?, ?)`,
    )
    this.#removeKey = this.#database.prepare('DELETE FROM log WHERE id >= ? AND id < ? AND key = ?')
    this.#removeRow = this.#database.prepare('DELETE FROM log WHERE id = ?')
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
      this.#database
        .prepare('UPDATE compaction SET revision = max(revision, ?) WHERE one = 1')
        .run(reached)
    })
    return !isLast
  }

  backup(path: string): Promise<void> {
    return backupSqlite(this.#database, path)
  }

  close(): void {
    this.#database.close()
  }

  get #compacted(): number {
    return this.#database.prepare('SELECT revision FROM compaction').get()!.revision as number
  }

  #insertRow(id: number, { key, createRevision, previousRevision, value }: Change): void {
    this.#insert.run(id, key, createRevision, previousRevision, value)
  }

  *#writes(): Generator<Write> {
    const rows = this.#database.prepare('SELECT * FROM log ORDER BY id').iterate()
    let write: { revision: number; changes: Change[] } | undefined
    for (const row of rows as Iterable<unknown> as Iterable<Row>) {
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

function revisionOf(id: number): number {
  return Math.floor(id / idsPerRevision)
}
