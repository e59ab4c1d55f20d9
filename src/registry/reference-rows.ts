// Rows of what manifests refer to. A reference is missing until what it names is in a repository of the
// manifest; then it is a row of manifest_blob or manifest_child, and keeps that from being collected.
import type { DatabaseSync } from 'node:sqlite'
import type { Digest } from './digest.ts'

export interface ReferenceWriters {
  blobCame(manifestId: number, blobId: number): void
  childCame(manifestId: number, childId: number): void
  missingOf(manifestId: number): Digest[]
  /** Indexes in the repository that miss the manifest. */
  waitingIn(repositoryId: number, manifestId: number): number[]
  /** Manifests in the repository that miss the blob. */
  waitingForBlob(repositoryId: number, blobId: number): number[]
}

export function referenceWriters(db: DatabaseSync): ReferenceWriters {
  const kinds = {
    blob: {
      refer: db.prepare(
        'INSERT INTO manifest_blob (manifest_id, blob_id) VALUES (?, ?) ON CONFLICT DO NOTHING',
      ),
      known: db.prepare('SELECT digest, size FROM blob WHERE id = ?'),
    },
    child: {
      refer: db.prepare(
        'INSERT INTO manifest_child (manifest_id, child_id) VALUES (?, ?) ON CONFLICT DO NOTHING',
      ),
      known: db.prepare('SELECT digest, image_size AS size FROM manifest WHERE id = ?'),
    },
  }
  const forget = db.prepare('DELETE FROM manifest_missing WHERE manifest_id = ? AND digest = ?')
  const grow = db.prepare('UPDATE manifest SET image_size = image_size + ? WHERE id = ?')
  const missing = db.prepare(
    'SELECT digest FROM manifest_missing WHERE manifest_id = ? ORDER BY digest',
  )
  const waiting = (table: 'blob' | 'manifest') =>
    db.prepare(
      `SELECT manifest_missing.manifest_id AS id FROM manifest_missing
         JOIN repository_manifest USING (manifest_id)
       WHERE repository_id = ?1 AND digest = (SELECT digest FROM ${table} WHERE id = ?2)`,
    )
  const waitingForManifest = waiting('manifest')
  const waitingForBlob = waiting('blob')

  const came = (kind: 'blob' | 'child') => (manifestId: number, id: number) => {
    const { refer, known } = kinds[kind]
    const { digest, size } = known.get(id) as { digest: Digest; size: number }
    refer.run(manifestId, id)
    // Only what was missing was not counted yet.
    if (forget.run(manifestId, digest).changes > 0) grow.run(size, manifestId)
  }
  const ids = (rows: unknown[]) => (rows as { id: number }[]).map(({ id }) => id)
  return {
    blobCame: came('blob'),
    childCame: came('child'),
    missingOf: (manifestId) =>
      (missing.all(manifestId) as { digest: Digest }[]).map(({ digest }) => digest),
    waitingIn: (repositoryId, manifestId) => ids(waitingForManifest.all(repositoryId, manifestId)),
    waitingForBlob: (repositoryId, blobId) => ids(waitingForBlob.all(repositoryId, blobId)),
  }
}
