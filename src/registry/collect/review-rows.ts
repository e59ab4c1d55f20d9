// The queue of what may not be needed any more. A row is written with each change that could make
// something useless; collection looks at the rows that are due and never searches.
import type { DatabaseSync } from 'node:sqlite'

/** A blob of a repository, or a manifest of one. */
export type ReviewKind = 'blob' | 'manifest'

export interface ReviewRow {
  kind: ReviewKind
  repositoryId: number
  targetId: number
}

export interface ReviewRows {
  /** Looked at no earlier than `dueAt`; one that is queued already keeps the later time. */
  add(review: ReviewRow, dueAt: number): void
  remove(review: ReviewRow): void
  /** The longest overdue. */
  due(now: number, limit: number): ReviewRow[]
  /** Rows that wait for their time. */
  waiting(): number
}

export function reviewRows(db: DatabaseSync): ReviewRows {
  const add = db.prepare(
    `INSERT INTO review (kind, repository_id, target_id, due_at) VALUES (?, ?, ?, ?)
     ON CONFLICT (kind, repository_id, target_id)
     DO UPDATE SET due_at = max(due_at, excluded.due_at)`,
  )
  const remove = db.prepare(
    'DELETE FROM review WHERE kind = ? AND repository_id = ? AND target_id = ?',
  )
  const due = db.prepare(
    `SELECT kind, repository_id AS repositoryId, target_id AS targetId FROM review
     WHERE due_at <= ? ORDER BY due_at LIMIT ?`,
  )
  const waiting = db.prepare('SELECT count(*) AS rows FROM review')
  return {
    add: ({ kind, repositoryId, targetId }, dueAt) =>
      void add.run(kind, repositoryId, targetId, dueAt),
    remove: ({ kind, repositoryId, targetId }) => void remove.run(kind, repositoryId, targetId),
    due: (now, limit) => due.all(now, limit) as unknown as ReviewRow[],
    waiting: () => (waiting.get() as { rows: number }).rows,
  }
}
