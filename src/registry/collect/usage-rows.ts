// Questions and changes of collection, over several tables.
import type { DatabaseSync } from 'node:sqlite'

export interface BlobLink {
  linkedAt: number
}

export interface UsageRows {
  linkOf(repositoryId: number, blobId: number): BlobLink | undefined
  /** Whether a manifest of the repository, in use or in its trash, refers to the blob. */
  isBlobUsed(repositoryId: number, blobId: number): boolean
  /** Removes the row of a blob that no repository holds and no trash needs; gives the key of its object. */
  dropBlob(blobId: number): string | undefined
  /** Whether anything keeps a manifest in its repository: a tag, an index, what is in use or in the trash. */
  isManifestKept(repositoryId: number, manifestId: number): boolean
  /** What a manifest leaves behind in a repository: its blobs, its children, and what refers to it. */
  around(repositoryId: number, manifestId: number): { blobIds: number[]; manifestIds: number[] }
}

const USED = `SELECT 1 FROM manifest_blob WHERE blob_id = ?2 AND (
    EXISTS (SELECT 1 FROM repository_manifest
      WHERE repository_id = ?1 AND manifest_id = manifest_blob.manifest_id)
    OR EXISTS (SELECT 1 FROM trash
      WHERE repository_id = ?1 AND manifest_id = manifest_blob.manifest_id)) LIMIT 1`

const KEPT = `SELECT 1 WHERE
    EXISTS (SELECT 1 FROM tag WHERE repository_id = ?1 AND manifest_id = ?2)
    OR EXISTS (SELECT 1 FROM manifest_child JOIN repository_manifest USING (manifest_id)
      WHERE child_id = ?2 AND repository_id = ?1)
    OR EXISTS (SELECT 1 FROM manifest_child JOIN trash USING (manifest_id)
      WHERE child_id = ?2 AND repository_id = ?1)
    OR EXISTS (SELECT 1 FROM manifest AS own JOIN manifest AS subject ON subject.digest = own.subject
      WHERE own.id = ?2 AND (
        EXISTS (SELECT 1 FROM repository_manifest
          WHERE repository_id = ?1 AND manifest_id = subject.id)
        OR EXISTS (SELECT 1 FROM trash WHERE repository_id = ?1 AND manifest_id = subject.id)))`

export function usageRows(db: DatabaseSync): UsageRows {
  const linkOf = db.prepare(
    'SELECT linked_at AS linkedAt FROM repository_blob WHERE repository_id = ? AND blob_id = ?',
  )
  const used = db.prepare(USED)
  const kept = db.prepare(KEPT)
  const isHeld = db.prepare(
    `SELECT 1 WHERE EXISTS (SELECT 1 FROM repository_blob WHERE blob_id = ?1)
       OR EXISTS (SELECT 1 FROM manifest_blob JOIN trash USING (manifest_id) WHERE blob_id = ?1)`,
  )
  // A manifest that is sparse in a repository may still name it; what it names is missing from now on.
  const miss = db.prepare(
    `INSERT INTO manifest_missing (manifest_id, digest)
     SELECT manifest_id, digest FROM manifest_blob JOIN blob ON blob.id = blob_id
     WHERE blob_id = ? ON CONFLICT DO NOTHING`,
  )
  const shrink = db.prepare(
    `UPDATE manifest SET image_size = image_size - (SELECT size FROM blob WHERE id = ?1)
     WHERE id IN (SELECT manifest_id FROM manifest_blob WHERE blob_id = ?1)`,
  )
  const forget = db.prepare('DELETE FROM manifest_blob WHERE blob_id = ?')
  const remove = db.prepare('DELETE FROM blob WHERE id = ? RETURNING object_key AS objectKey')
  const blobsOf = db.prepare('SELECT blob_id AS id FROM manifest_blob WHERE manifest_id = ?')
  const childrenOf = db.prepare('SELECT child_id AS id FROM manifest_child WHERE manifest_id = ?')
  const referrersOf = db.prepare(
    `SELECT manifest.id FROM manifest JOIN repository_manifest ON manifest_id = manifest.id
     WHERE subject = (SELECT digest FROM manifest WHERE id = ?2) AND repository_id = ?1`,
  )
  const ids = (rows: unknown[]) => (rows as { id: number }[]).map(({ id }) => id)
  return {
    linkOf: (repositoryId, blobId) =>
      linkOf.get(repositoryId, blobId) as unknown as BlobLink | undefined,
    isBlobUsed: (repositoryId, blobId) => used.get(repositoryId, blobId) !== undefined,
    dropBlob(blobId) {
      if (isHeld.get(blobId) !== undefined) return undefined
      miss.run(blobId)
      shrink.run(blobId)
      forget.run(blobId)
      return (remove.get(blobId) as { objectKey: string } | undefined)?.objectKey
    },
    isManifestKept: (repositoryId, manifestId) => kept.get(repositoryId, manifestId) !== undefined,
    around: (repositoryId, manifestId) => ({
      blobIds: ids(blobsOf.all(manifestId)),
      manifestIds: [
        ...ids(childrenOf.all(manifestId)),
        ...ids(referrersOf.all(repositoryId, manifestId)),
      ],
    }),
  }
}
