// Rows of deleted manifests: out of their repository, but with all their content until they are purged.
import type { DatabaseSync } from 'node:sqlite'
import type { Digest } from '../digest.ts'

export interface TrashRow {
  id: number
  repositoryId: number
  repository: string
  manifestId: number
  digest: Digest
  imageSize: number
  /** A JSON list of the tags that meant it. */
  tags: string
  deletedAt: number
  deletedBy: string
}

export interface NewTrash {
  repositoryId: number
  manifestId: number
  tags: readonly string[]
  deletedBy: string
}

export interface TrashRows {
  insert(trash: NewTrash, now: number): void
  find(id: number): TrashRow | undefined
  /** Newest first, those behind `last`; `last` 0 begins. */
  page(page: { last: number; limit: number; project?: string | undefined }): TrashRow[]
  deletedBefore(time: number, limit: number): TrashRow[]
  remove(id: number): void
}

const SELECT = `SELECT trash.id, repository_id AS repositoryId, repository.name AS repository,
    manifest_id AS manifestId, manifest.digest, manifest.image_size AS imageSize, tags,
    deleted_at AS deletedAt, deleted_by AS deletedBy
  FROM trash JOIN manifest ON manifest.id = manifest_id
    JOIN repository ON repository.id = repository_id`

export function trashRows(db: DatabaseSync): TrashRows {
  const insert = db.prepare(
    `INSERT INTO trash (repository_id, manifest_id, tags, deleted_at, deleted_by)
     VALUES (?, ?, ?, ?, ?)`,
  )
  const find = db.prepare(`${SELECT} WHERE trash.id = ?`)
  const page = db.prepare(
    `${SELECT} WHERE (?1 = 0 OR trash.id < ?1) AND (?2 IS NULL OR repository.project = ?2)
     ORDER BY trash.id DESC LIMIT ?3`,
  )
  const before = db.prepare(`${SELECT} WHERE deleted_at < ? ORDER BY deleted_at LIMIT ?`)
  const remove = db.prepare('DELETE FROM trash WHERE id = ?')
  return {
    insert: ({ repositoryId, manifestId, tags, deletedBy }, now) =>
      void insert.run(repositoryId, manifestId, JSON.stringify(tags), now, deletedBy),
    find: (id) => find.get(id) as unknown as TrashRow | undefined,
    page: ({ last, limit, project }) =>
      page.all(last, project ?? null, limit) as unknown as TrashRow[],
    deletedBefore: (time, limit) => before.all(time, limit) as unknown as TrashRow[],
    remove: (id) => void remove.run(id),
  }
}
