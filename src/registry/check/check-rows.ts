// Rows as checks go over them: all of them, in the order of their ids.
import type { DatabaseSync } from 'node:sqlite'
import type { Digest } from '../digest.ts'

export interface CheckedBlob {
  id: number
  digest: Digest
  size: number
  objectKey: string
  /** Milliseconds since 1970; null for one that is sound as far as is known. */
  damagedAt: number | null
}

export interface CheckedManifest {
  id: number
  digest: Digest
  bytes: Uint8Array
}

export interface CheckRows {
  blobsAfter(id: number, limit: number): CheckedBlob[]
  manifestsAfter(id: number, limit: number): CheckedManifest[]
  /** Whether a row names the object: a blob, an upload or one that is about to go. */
  isNamed(objectKey: string): boolean
  /** Sound blobs that were not read since `before`, those first whose last reading is longest ago. */
  uncheckedBlobs(before: number, limit: number): CheckedBlob[]
  checked(blobId: number, now: number): void
  damaged(blobId: number, now: number): void
  /** New bytes came for a damaged blob: gives the key of the object that has the wrong ones. */
  healed(blobId: number, objectKey: string): string
}

const BLOB = 'id, digest, size, object_key AS objectKey, damaged_at AS damagedAt'

export function checkRows(db: DatabaseSync): CheckRows {
  const blobs = db.prepare(`SELECT ${BLOB} FROM blob WHERE id > ? ORDER BY id LIMIT ?`)
  const manifests = db.prepare(
    'SELECT id, digest, bytes FROM manifest WHERE id > ? ORDER BY id LIMIT ?',
  )
  const named = db.prepare(
    `SELECT 1 WHERE EXISTS (SELECT 1 FROM blob WHERE object_key = ?1)
       OR EXISTS (SELECT 1 FROM upload WHERE object_key = ?1)
       OR EXISTS (SELECT 1 FROM doomed_object WHERE object_key = ?1)`,
  )
  const unchecked = db.prepare(
    `SELECT ${BLOB} FROM blob WHERE damaged_at IS NULL AND checked_at < ?
     ORDER BY checked_at LIMIT ?`,
  )
  const checked = db.prepare('UPDATE blob SET checked_at = ? WHERE id = ?')
  const damaged = db.prepare('UPDATE blob SET damaged_at = ? WHERE id = ?')
  const keyOf = db.prepare('SELECT object_key AS objectKey FROM blob WHERE id = ?')
  const healed = db.prepare('UPDATE blob SET damaged_at = NULL, object_key = ? WHERE id = ?')
  return {
    blobsAfter: (id, limit) => blobs.all(id, limit) as unknown as CheckedBlob[],
    manifestsAfter: (id, limit) => manifests.all(id, limit) as unknown as CheckedManifest[],
    isNamed: (objectKey) => named.get(objectKey) !== undefined,
    uncheckedBlobs: (before, limit) => unchecked.all(before, limit) as unknown as CheckedBlob[],
    checked: (blobId, now) => void checked.run(now, blobId),
    damaged: (blobId, now) => void damaged.run(now, blobId),
    healed(blobId, objectKey) {
      const { objectKey: old } = keyOf.get(blobId) as { objectKey: string }
      healed.run(objectKey, blobId)
      return old
    },
  }
}
