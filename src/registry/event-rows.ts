// What was changed, in order: the record of who did what, and what webhooks and triggers are told of. An
// event is written in the transaction of its change, so that neither is ever there alone.
import type { DatabaseSync } from 'node:sqlite'
import type { Digest } from './digest.ts'

export type EventType =
  /** A manifest came into a repository. */
  | 'push'
  /** A tag was made or moved; `previous` says what it meant before. */
  | 'tag'
  /** A tag was taken away. */
  | 'untag'
  /** A manifest was taken out of a repository, with its tags. */
  | 'delete'
  /** A deleted manifest came back. */
  | 'restore'

export interface NewEvent {
  type: EventType
  /** Name of who did it, as it logged in. */
  actor: string
  repository: string
  tag?: string | undefined
  digest?: Digest | undefined
  /** What the tag meant before. */
  previous?: Digest | undefined
}

export interface EventRow {
  /** Grows; never used twice. */
  id: number
  /** Milliseconds since 1970. */
  at: number
  type: EventType
  actor: string
  repository: string
  tag: string | null
  digest: Digest | null
  previous: Digest | null
}

export interface EventRows {
  append(event: NewEvent, now: number): void
  /** Events behind `id`, oldest first. */
  after(id: number, limit: number): EventRow[]
  /** Forgets events from before `before`. */
  prune(before: number): number
}

const FIELDS = 'id, at, type, actor, repository, tag, digest, previous'

export function eventRows(db: DatabaseSync): EventRows {
  const insert = db.prepare(
    `INSERT INTO event (at, type, actor, repository, tag, digest, previous)
     VALUES (?, ?, ?, ?, ?, ?, ?)`,
  )
  const after = db.prepare(`SELECT ${FIELDS} FROM event WHERE id > ? ORDER BY id LIMIT ?`)
  const prune = db.prepare('DELETE FROM event WHERE at < ?')
  return {
    append: ({ type, actor, repository, tag, digest, previous }, now) =>
      void insert.run(now, type, actor, repository, tag ?? null, digest ?? null, previous ?? null),
    after: (id, limit) => after.all(id, limit) as unknown as EventRow[],
    prune: (before) => Number(prune.run(before).changes),
  }
}
