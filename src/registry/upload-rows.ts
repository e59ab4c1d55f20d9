// Rows of upload sessions. How many bytes came is not here: the object's size says so, exactly,
// also after a crash.
import type { DatabaseSync } from 'node:sqlite'

export interface UploadRow {
  id: string
  repositoryId: number
  /** Whose quota its bytes count for. */
  project: string
  actor: string
  objectKey: string
  touchedAt: number
}

export interface UploadRows {
  find(id: string): UploadRow | undefined
  /** The project is the repository's. */
  insert(upload: UploadRow): void
  touch(id: string, now: number): void
  /** Whether there was such a session. */
  delete(id: string): boolean
  count(): number
  idleSince(before: number): UploadRow[]
}

const SELECT = `SELECT upload.id, repository_id AS repositoryId, project, actor,
    object_key AS objectKey, touched_at AS touchedAt
  FROM upload JOIN repository ON repository.id = repository_id`

export function uploadRows(db: DatabaseSync): UploadRows {
  const find = db.prepare(`${SELECT} WHERE upload.id = ?`)
  const insert = db.prepare(
    `INSERT INTO upload (id, repository_id, actor, object_key, touched_at) VALUES (?, ?, ?, ?, ?)`,
  )
  const touch = db.prepare('UPDATE upload SET touched_at = ? WHERE id = ?')
  const remove = db.prepare('DELETE FROM upload WHERE id = ?')
  const count = db.prepare('SELECT count(*) AS uploads FROM upload')
  const idleSince = db.prepare(`${SELECT} WHERE touched_at < ?`)
  return {
    find: (id) => find.get(id) as unknown as UploadRow | undefined,
    insert: ({ id, repositoryId, actor, objectKey, touchedAt }) =>
      void insert.run(id, repositoryId, actor, objectKey, touchedAt),
    touch: (id, now) => void touch.run(now, id),
    delete: (id) => remove.run(id).changes > 0,
    count: () => (count.get() as { uploads: number }).uploads,
    idleSince: (before) => idleSince.all(before) as unknown as UploadRow[],
  }
}
