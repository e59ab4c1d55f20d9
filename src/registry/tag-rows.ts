// Rows of tags; only tag-changes.ts writes them.
import type { DatabaseSync } from 'node:sqlite'
import type { Digest } from './digest.ts'

export interface TagRow {
  name: string
  digest: Digest
  mediaType: string
  imageSize: number
  pushedAt: number
  /** A JSON list such as ["linux/amd64"]. */
  platforms: string
}

export interface TagRows {
  find(repositoryId: number, name: string): TagRow | undefined
  set(tag: { repositoryId: number; name: string; manifestId: number }, now: number): void
  /** Whether there was such a tag. */
  delete(repositoryId: number, name: string): boolean
  /** Tags behind `last`, in ASCII order. */
  page(repositoryId: number, page: { last: string; limit: number }): TagRow[]
  count(repositoryId: number): number
  /** Tags of the repository that mean the manifest. */
  namesOf(repositoryId: number, manifestId: number): string[]
}

const SELECT = `SELECT tag.name, manifest.digest, manifest.media_type AS mediaType,
  manifest.image_size AS imageSize, tag.pushed_at AS pushedAt, manifest.platforms
  FROM tag JOIN manifest ON manifest.id = manifest_id`

export function tagRows(db: DatabaseSync): TagRows {
  const find = db.prepare(`${SELECT} WHERE repository_id = ? AND tag.name = ?`)
  const set = db.prepare(
    `INSERT INTO tag (repository_id, name, manifest_id, pushed_at) VALUES (?, ?, ?, ?)
     ON CONFLICT (repository_id, name)
     DO UPDATE SET manifest_id = excluded.manifest_id, pushed_at = excluded.pushed_at`,
  )
  const remove = db.prepare('DELETE FROM tag WHERE repository_id = ? AND name = ?')
  const page = db.prepare(
    `${SELECT} WHERE repository_id = ? AND tag.name > ? ORDER BY tag.name LIMIT ?`,
  )
  const count = db.prepare('SELECT count(*) AS tags FROM tag WHERE repository_id = ?')
  const namesOf = db.prepare(
    'SELECT name FROM tag WHERE manifest_id = ? AND repository_id = ? ORDER BY name',
  )
  return {
    find: (repositoryId, name) => find.get(repositoryId, name) as unknown as TagRow | undefined,
    set: ({ repositoryId, name, manifestId }, now) =>
      void set.run(repositoryId, name, manifestId, now),
    delete: (repositoryId, name) => remove.run(repositoryId, name).changes > 0,
    page: (repositoryId, { last, limit }) =>
      page.all(repositoryId, last, limit) as unknown as TagRow[],
    namesOf: (repositoryId, manifestId) =>
      (namesOf.all(manifestId, repositoryId) as { name: string }[]).map(({ name }) => name),
    count: (repositoryId) => (count.get(repositoryId) as { tags: number }).tags,
  }
}
