// Rows of manifests, what they refer to, and their links to repositories.
import type { DatabaseSync } from 'node:sqlite'
import type { Digest } from './digest.ts'
import { projectUsageRows } from './project-usage-rows.ts'
import { referenceWriters } from './reference-rows.ts'

export interface ManifestRow {
  id: number
  digest: Digest
  mediaType: string
  bytes: Uint8Array
  /** Bytes of the manifest and all that it refers to. */
  imageSize: number
}

export interface NewManifest extends Omit<ManifestRow, 'id'> {
  subject: Digest | undefined
  artifactType: string | undefined
  annotations: Record<string, string> | undefined
  platforms: string[]
  missing: Iterable<Digest>
}

export interface ReferrerRow {
  digest: Digest
  mediaType: string
  size: number
  artifactType: string | null
  annotations: string | null
}

export interface ManifestRows {
  findIn(repositoryId: number, digest: Digest): ManifestRow | undefined
  findTagged(repositoryId: number, tag: string): ManifestRow | undefined
  /** Stores a manifest, all that it refers to missing for now; one that is there already stays as it is. */
  ensure(manifest: NewManifest, now: number): number
  /** Notes that what a manifest refers to has come. */
  found(manifestId: number, found: { blobIds: Iterable<number>; childIds: Iterable<number> }): void
  /** Digests that a manifest refers to and that never came into one of its repositories. */
  missingOf(manifestId: number): Digest[]
  /** Also tells the indexes in the repository that wait for it. False when it was linked already. */
  link(repositoryId: number, manifestId: number, now: number): boolean
  /** Takes a manifest, that no tag means any more, out of a repository. */
  unlink(repositoryId: number, manifestId: number): void
  /** Removes the row of a manifest that is in no repository, index or trash, and those of its children. */
  dropUnused(manifestId: number): void
  /** Digest of a manifest in the repository that refers to the blob. */
  userOfBlob(repositoryId: number, blobId: number): string | undefined
  /** Digest of an index in the repository that refers to the manifest. */
  userOfManifest(repositoryId: number, manifestId: number): string | undefined
  referrers(
    repositoryId: number,
    subject: Digest,
    page: { last: string; limit: number; artifactType: string | undefined },
  ): ReferrerRow[]
}

const FIELDS = `manifest.id, manifest.digest, manifest.media_type AS mediaType, manifest.bytes,
  manifest.image_size AS imageSize`

export function manifestRows(db: DatabaseSync): ManifestRows {
  return { ...readers(db), ...writers(db) }
}

function readers(db: DatabaseSync) {
  const findIn = db.prepare(
    `SELECT ${FIELDS} FROM manifest JOIN repository_manifest ON manifest_id = manifest.id
     WHERE repository_id = ? AND digest = ?`,
  )
  const findTagged = db.prepare(
    `SELECT ${FIELDS} FROM manifest JOIN tag ON manifest_id = manifest.id
     WHERE repository_id = ? AND tag.name = ?`,
  )
  const userOfBlob = db.prepare(
    `SELECT digest FROM manifest_blob
     JOIN repository_manifest USING (manifest_id) JOIN manifest ON manifest.id = manifest_id
     WHERE blob_id = ? AND repository_id = ? LIMIT 1`,
  )
  const userOfManifest = db.prepare(
    `SELECT digest FROM manifest_child
     JOIN repository_manifest USING (manifest_id) JOIN manifest ON manifest.id = manifest_id
     WHERE child_id = ? AND repository_id = ? LIMIT 1`,
  )
  const referrers = db.prepare(
    `SELECT digest, media_type AS mediaType, length(bytes) AS size, artifact_type AS artifactType,
       annotations
     FROM manifest JOIN repository_manifest ON manifest_id = manifest.id
     WHERE subject = ?1 AND repository_id = ?2 AND digest > ?3
       AND (?4 IS NULL OR artifact_type = ?4)
     ORDER BY digest LIMIT ?5`,
  )
  return {
    findIn: (repositoryId: number, digest: Digest) =>
      findIn.get(repositoryId, digest) as unknown as ManifestRow | undefined,
    findTagged: (repositoryId: number, tag: string) =>
      findTagged.get(repositoryId, tag) as unknown as ManifestRow | undefined,
    userOfBlob: (repositoryId: number, blobId: number) =>
      (userOfBlob.get(blobId, repositoryId) as { digest: string } | undefined)?.digest,
    userOfManifest: (repositoryId: number, manifestId: number) =>
      (userOfManifest.get(manifestId, repositoryId) as { digest: string } | undefined)?.digest,
    referrers: (
      repositoryId: number,
      subject: Digest,
      page: { last: string; limit: number; artifactType: string | undefined },
    ) =>
      referrers.all(
        subject,
        repositoryId,
        page.last,
        page.artifactType ?? null,
        page.limit,
      ) as unknown as ReferrerRow[],
  }
}

function writers(db: DatabaseSync) {
  const find = db.prepare('SELECT id FROM manifest WHERE digest = ?')
  const insert = db.prepare(
    `INSERT INTO manifest (digest, media_type, bytes, subject, artifact_type, annotations,
       platforms, image_size, created_at)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id`,
  )
  const miss = db.prepare('INSERT INTO manifest_missing (manifest_id, digest) VALUES (?, ?)')
  const references = referenceWriters(db)
  const usage = projectUsageRows(db)
  const link = db.prepare(
    `INSERT INTO repository_manifest (repository_id, manifest_id, linked_at) VALUES (?, ?, ?)
     ON CONFLICT DO NOTHING`,
  )
  const unlink = db.prepare(
    'DELETE FROM repository_manifest WHERE repository_id = ? AND manifest_id = ?',
  )
  // An index may be in a repository that its child is not in; then the child's row stays for it.
  const removeUnused = db.prepare(
    `DELETE FROM manifest WHERE id = ?1
       AND NOT EXISTS (SELECT 1 FROM repository_manifest WHERE manifest_id = ?1)
       AND NOT EXISTS (SELECT 1 FROM manifest_child WHERE child_id = ?1)
       AND NOT EXISTS (SELECT 1 FROM trash WHERE manifest_id = ?1)`,
  )
  const childrenOf = db.prepare('SELECT child_id AS id FROM manifest_child WHERE manifest_id = ?')
  const removeWithChildren = (manifestId: number): void => {
    const children = childrenOf.all(manifestId) as { id: number }[]
    if (removeUnused.run(manifestId).changes === 0) return
    for (const { id } of children) removeWithChildren(id)
  }

  const store = (manifest: NewManifest, now: number): number => {
    const { id } = insert.get(
      manifest.digest,
      manifest.mediaType,
      manifest.bytes,
      manifest.subject ?? null,
      manifest.artifactType ?? null,
      manifest.annotations === undefined ? null : JSON.stringify(manifest.annotations),
      JSON.stringify(manifest.platforms),
      manifest.imageSize,
      now,
    ) as { id: number }
    for (const digest of new Set(manifest.missing)) miss.run(id, digest)
    return id
  }

  return {
    ensure: (manifest: NewManifest, now: number) =>
      (find.get(manifest.digest) as { id: number } | undefined)?.id ?? store(manifest, now),
    found(
      manifestId: number,
      { blobIds, childIds }: { blobIds: Iterable<number>; childIds: Iterable<number> },
    ) {
      for (const id of blobIds) references.blobCame(manifestId, id)
      for (const id of childIds) references.childCame(manifestId, id)
    },
    missingOf: (manifestId: number) => references.missingOf(manifestId),
    link(repositoryId: number, manifestId: number, now: number) {
      if (link.run(repositoryId, manifestId, now).changes === 0) return false
      usage.linked('manifest', repositoryId, manifestId)
      for (const parent of references.waitingIn(repositoryId, manifestId))
        references.childCame(parent, manifestId)
      return true
    },
    unlink(repositoryId: number, manifestId: number) {
      if (unlink.run(repositoryId, manifestId).changes > 0)
        usage.unlinked('manifest', repositoryId, manifestId)
    },
    dropUnused: removeWithChildren,
  }
}
