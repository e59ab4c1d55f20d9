// Rows of repositories.
import type { DatabaseSync } from 'node:sqlite'
import { projectOf } from './repository-name.ts'

export interface RepositoryRow {
  id: number
  name: string
}

export interface RepositoryRows {
  find(name: string): RepositoryRow | undefined
  /** Finds a repository or makes it: the first push does. */
  ensure(name: string, now: number): RepositoryRow
  /** Names behind `last` of repositories that hold a manifest, in order. */
  page(page: { last: string; limit: number; project?: string | undefined }): RepositoryRow[]
}

const FIELDS = 'repository.id, repository.name'
const HOLDS_MANIFEST =
  'EXISTS (SELECT 1 FROM repository_manifest WHERE repository_id = repository.id)'

export function repositoryRows(db: DatabaseSync): RepositoryRows {
  const find = db.prepare(`SELECT ${FIELDS} FROM repository WHERE name = ?`)
  const insert = db.prepare(
    `INSERT INTO repository (name, project, created_at) VALUES (?, ?, ?) RETURNING ${FIELDS}`,
  )
  const pageOfAll = db.prepare(
    `SELECT ${FIELDS} FROM repository WHERE name > ? AND ${HOLDS_MANIFEST} ORDER BY name LIMIT ?`,
  )
  const pageOfProject = db.prepare(
    `SELECT ${FIELDS} FROM repository WHERE project = ? AND name > ? AND ${HOLDS_MANIFEST}
     ORDER BY name LIMIT ?`,
  )
  const byName = (name: string) => find.get(name) as unknown as RepositoryRow | undefined
  return {
    find: byName,
    ensure: (name, now) =>
      byName(name) ?? (insert.get(name, projectOf(name), now) as unknown as RepositoryRow),
    page: ({ last, limit, project }) =>
      (project === undefined
        ? pageOfAll.all(last, limit)
        : pageOfProject.all(project, last, limit)) as unknown as RepositoryRow[],
  }
}
