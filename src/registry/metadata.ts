// The registry's metadata: rows by subject, and the transaction around changes to several.
import type { DatabaseSync } from 'node:sqlite'
import { inTransaction, openSqlite } from '#base/sqlite.ts'
import { type BlobRows, blobRows } from './blob-rows.ts'
import { type CheckRows, checkRows } from './check/check-rows.ts'
import { type ReviewRows, reviewRows } from './collect/review-rows.ts'
import { type TrashRows, trashRows } from './collect/trash-rows.ts'
import { type UsageRows, usageRows } from './collect/usage-rows.ts'
import { type EventRows, eventRows } from './event-rows.ts'
import { type ManifestRows, manifestRows } from './manifest-rows.ts'
import { type ProjectUsageRows, projectUsageRows } from './project-usage-rows.ts'
import { RegistryError } from './registry-error.ts'
import { type RepositoryRow, type RepositoryRows, repositoryRows } from './repository-rows.ts'
import { migrations } from './schema.ts'
import { type TagRows, tagRows } from './tag-rows.ts'
import { type UploadRows, uploadRows } from './upload-rows.ts'

export interface Metadata {
  repositories: RepositoryRows
  blobs: BlobRows
  uploads: UploadRows
  manifests: ManifestRows
  tags: TagRows
  events: EventRows
  reviews: ReviewRows
  trash: TrashRows
  usage: UsageRows
  projectUsage: ProjectUsageRows
  check: CheckRows
  /** All of `work` is on disk when this returns, or nothing of it when it throws. */
  transaction<Result>(work: () => Result): Result
  close(): void
}

/** Opens the database at `file`; only one process may. */
export function openMetadata(file: string): Metadata {
  return metadataIn(openSqlite({ path: file, migrations, exclusive: true }))
}

/** The metadata in an open database with the current schema. */
export function metadataIn(db: DatabaseSync): Metadata {
  return {
    repositories: repositoryRows(db),
    blobs: blobRows(db),
    uploads: uploadRows(db),
    manifests: manifestRows(db),
    tags: tagRows(db),
    events: eventRows(db),
    reviews: reviewRows(db),
    trash: trashRows(db),
    usage: usageRows(db),
    projectUsage: projectUsageRows(db),
    check: checkRows(db),
    transaction: (work) => inTransaction(db, work),
    close: () => db.close(),
  }
}

export function requireRepositoryRow(metadata: Metadata, name: string): RepositoryRow {
  const row = metadata.repositories.find(name)
  if (row !== undefined) return row
  throw new RegistryError('NAME_UNKNOWN', `there is no repository ${name}`, { detail: { name } })
}
