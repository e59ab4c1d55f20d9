// Rows as retention reads them, and when tags were pulled.
import type { DatabaseSync } from 'node:sqlite'
import type { Digest } from '../digest.ts'
import type { RetentionTag } from './plan-retention.ts'

export interface RetentionRows {
  repositories(project: string): { id: number; name: string }[]
  tags(repositoryId: number): RetentionTag[]
  /** Manifests that came before `before` and that no tag, index or subject keeps. */
  untagged(repositoryId: number, before: number): Digest[]
  pulled(repositoryId: number, tag: string, at: number): void
}

export function retentionRows(db: DatabaseSync): RetentionRows {
  const repositories = db.prepare('SELECT id, name FROM repository WHERE project = ? ORDER BY name')
  const tags = db.prepare(
    `SELECT tag.name AS tag, digest, pushed_at AS pushedAt, pulled_at AS pulledAt
     FROM tag JOIN manifest ON manifest.id = manifest_id WHERE repository_id = ? ORDER BY tag.name`,
  )
  const untagged = db.prepare(
    `SELECT manifest.digest FROM repository_manifest AS held JOIN manifest ON manifest.id = manifest_id
     WHERE repository_id = ?1 AND linked_at < ?2
       AND NOT EXISTS (SELECT 1 FROM tag
         WHERE tag.repository_id = ?1 AND tag.manifest_id = held.manifest_id)
       AND NOT EXISTS (SELECT 1 FROM manifest_child JOIN repository_manifest AS parent
         ON parent.manifest_id = manifest_child.manifest_id
         WHERE child_id = held.manifest_id AND parent.repository_id = ?1)
       AND (subject IS NULL OR NOT EXISTS (SELECT 1 FROM repository_manifest JOIN manifest AS other
         ON other.id = repository_manifest.manifest_id
         WHERE repository_manifest.repository_id = ?1 AND other.digest = manifest.subject))
     ORDER BY manifest.digest`,
  )
  const pulled = db.prepare('UPDATE tag SET pulled_at = ? WHERE repository_id = ? AND name = ?')
  return {
    repositories: (project) => repositories.all(project) as { id: number; name: string }[],
    tags: (repositoryId) => tags.all(repositoryId) as unknown as RetentionTag[],
    untagged: (repositoryId, before) =>
      (untagged.all(repositoryId, before) as { digest: Digest }[]).map(({ digest }) => digest),
    pulled: (repositoryId, tag, at) => void pulled.run(at, repositoryId, tag),
  }
}
