// How many bytes each project takes: changed in the transaction of each link and unlink, so that it is exact.
import type { DatabaseSync } from 'node:sqlite'

export type Held = 'blob' | 'manifest'

export interface ProjectUsageRows {
  bytesOf(project: string): number
  /** A repository got something: counts it unless another repository of its project has it. */
  linked(held: Held, repositoryId: number, id: number): void
  /** A repository gave something away: counts it off unless another one of its project has it. */
  unlinked(held: Held, repositoryId: number, id: number): void
  /** Bytes that the project of a repository would take more with this. */
  wouldAdd(held: Held, project: string, id: number): number
  set(project: string, bytes: number): void
  /** Each project with what is counted and what a count anew gives, where they differ. */
  differences(): { project: string; counted: number; actual: number }[]
}

const SIZES: Readonly<Record<Held, string>> = {
  blob: 'SELECT size FROM blob WHERE id = ?1',
  manifest: 'SELECT length(bytes) AS size FROM manifest WHERE id = ?1',
}

export function projectUsageRows(db: DatabaseSync): ProjectUsageRows {
  const bytesOf = db.prepare('SELECT bytes FROM project_usage WHERE project = ?')
  const projectOf = db.prepare('SELECT project FROM repository WHERE id = ?')
  const add = db.prepare(
    `INSERT INTO project_usage (project, bytes) VALUES (?1, ?2)
     ON CONFLICT (project) DO UPDATE SET bytes = bytes + ?2`,
  )
  const set = db.prepare(
    `INSERT INTO project_usage (project, bytes) VALUES (?1, ?2)
     ON CONFLICT (project) DO UPDATE SET bytes = ?2`,
  )
  const statements = (held: Held) => ({
    size: db.prepare(SIZES[held]),
    // `except` 0 excepts none: ids begin with 1.
    isHeld: db.prepare(
      `SELECT 1 FROM repository_${held} JOIN repository ON repository.id = repository_id
       WHERE ${held}_id = ?1 AND project = ?2 AND repository_id <> ?3 LIMIT 1`,
    ),
  })
  const by = { blob: statements('blob'), manifest: statements('manifest') }
  const differences = db.prepare(
    `WITH held AS (
       SELECT DISTINCT project, 'blob' AS held, blob.id, size FROM repository_blob
         JOIN repository ON repository.id = repository_id JOIN blob ON blob.id = blob_id
       UNION ALL
       SELECT DISTINCT project, 'manifest', manifest.id, length(bytes) FROM repository_manifest
         JOIN repository ON repository.id = repository_id JOIN manifest ON manifest.id = manifest_id
     ), actual AS (SELECT project, sum(size) AS bytes FROM held GROUP BY project)
     SELECT project, coalesce(project_usage.bytes, 0) AS counted, coalesce(actual.bytes, 0) AS actual
     FROM project_usage FULL JOIN actual USING (project)
     WHERE coalesce(project_usage.bytes, 0) <> coalesce(actual.bytes, 0)`,
  )

  const nameOf = (repositoryId: number) =>
    (projectOf.get(repositoryId) as { project: string }).project
  const sizeOf = (held: Held, id: number) =>
    (by[held].size.get(id) as { size: number } | undefined)?.size ?? 0
  const change = (held: Held, repositoryId: number, id: number, sign: 1 | -1): void => {
    const project = nameOf(repositoryId)
    if (by[held].isHeld.get(id, project, repositoryId) !== undefined) return
    add.run(project, sign * sizeOf(held, id))
  }
  return {
    bytesOf: (project) => (bytesOf.get(project) as { bytes: number } | undefined)?.bytes ?? 0,
    linked: (held, repositoryId, id) => change(held, repositoryId, id, 1),
    unlinked: (held, repositoryId, id) => change(held, repositoryId, id, -1),
    wouldAdd: (held, project, id) =>
      by[held].isHeld.get(id, project, 0) === undefined ? sizeOf(held, id) : 0,
    set: (project, bytes) => void set.run(project, bytes),
    differences: () => differences.all() as { project: string; counted: number; actual: number }[],
  }
}
