// Rows of blobs, of their links to repositories, and of objects whose file has to go.
import type { DatabaseSync } from 'node:sqlite'
import { reviewRows } from './collect/review-rows.ts'
import type { Digest } from './digest.ts'
import { projectUsageRows } from './project-usage-rows.ts'
import { referenceWriters } from './reference-rows.ts'
import { registryLimits } from './registry-limits.ts'

export interface BlobRow {
  id: number
  digest: Digest
  size: number
  objectKey: string
  /** When its bytes were found to be wrong; null for one that is sound. */
  damagedAt: number | null
}

export interface BlobRows {
  /** A blob whoever holds it: never an answer to a client. */
  find(digest: Digest): BlobRow | undefined
  findIn(repositoryId: number, digest: Digest): BlobRow | undefined
  /** Repositories that hold a blob, oldest link first. */
  holders(blobId: number, limit: number): string[]
  insert(blob: Pick<BlobRow, 'digest' | 'size' | 'objectKey'>, now: number): BlobRow
  /** Also tells the manifests in the repository that wait for it. */
  link(repositoryId: number, blobId: number, now: number): void
  unlink(repositoryId: number, blobId: number): void
  sizeOf(blobId: number): number
  doom(objectKey: string): void
  doomed(): string[]
  undoom(objectKey: string): void
}

const FIELDS = `blob.id, blob.digest, blob.size, blob.object_key AS objectKey,
  blob.damaged_at AS damagedAt`

export function blobRows(db: DatabaseSync): BlobRows {
  const find = db.prepare(`SELECT ${FIELDS} FROM blob WHERE digest = ?`)
  const findIn = db.prepare(
    `SELECT ${FIELDS} FROM blob JOIN repository_blob ON blob_id = blob.id
     WHERE repository_id = ? AND digest = ?`,
  )
  const holders = db.prepare(
    `SELECT repository.name FROM repository_blob JOIN repository ON repository.id = repository_id
     WHERE blob_id = ? ORDER BY linked_at, repository.name LIMIT ?`,
  )
  const insert = db.prepare(
    `INSERT INTO blob (digest, size, object_key, created_at, checked_at)
     VALUES (?1, ?2, ?3, ?4, ?4)
     RETURNING ${FIELDS}`,
  )
  const link = db.prepare(
    `INSERT INTO repository_blob (repository_id, blob_id, linked_at) VALUES (?, ?, ?)
     ON CONFLICT DO NOTHING`,
  )
  const unlink = db.prepare('DELETE FROM repository_blob WHERE repository_id = ? AND blob_id = ?')
  const sizeOf = db.prepare('SELECT size FROM blob WHERE id = ?')
  const references = referenceWriters(db)
  const reviews = reviewRows(db)
  const usage = projectUsageRows(db)
  const doom = db.prepare('INSERT INTO doomed_object (object_key) VALUES (?)')
  const doomed = db.prepare('SELECT object_key AS objectKey FROM doomed_object')
  const undoom = db.prepare('DELETE FROM doomed_object WHERE object_key = ?')
  return {
    find: (digest) => find.get(digest) as unknown as BlobRow | undefined,
    findIn: (repositoryId, digest) =>
      findIn.get(repositoryId, digest) as unknown as BlobRow | undefined,
    holders: (blobId, limit) =>
      (holders.all(blobId, limit) as { name: string }[]).map(({ name }) => name),
    insert: ({ digest, size, objectKey }, now) =>
      insert.get(digest, size, objectKey, now) as unknown as BlobRow,
    link(repositoryId, blobId, now) {
      if (link.run(repositoryId, blobId, now).changes === 0) return
      usage.linked('blob', repositoryId, blobId)
      // A blob that no manifest refers to in time is of no use.
      const dueAt = now + registryLimits.unusedBlobMs
      reviews.add({ kind: 'blob', repositoryId, targetId: blobId }, dueAt)
      for (const manifest of references.waitingForBlob(repositoryId, blobId))
        references.blobCame(manifest, blobId)
    },
    unlink(repositoryId, blobId) {
      if (unlink.run(repositoryId, blobId).changes > 0) usage.unlinked('blob', repositoryId, blobId)
    },
    sizeOf: (blobId) => (sizeOf.get(blobId) as { size: number } | undefined)?.size ?? 0,
    doom: (objectKey) => void doom.run(objectKey),
    doomed: () => (doomed.all() as { objectKey: string }[]).map(({ objectKey }) => objectKey),
    undoom: (objectKey) => void undoom.run(objectKey),
  }
}
