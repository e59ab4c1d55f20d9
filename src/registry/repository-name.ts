// Names of repositories and tags, by the rules of the OCI distribution spec 1.1 ("Pulling
// manifests"). Ours are narrower in one point: a repository belongs to a project, its first part.
import { registryLimits } from './registry-limits.ts'

const PART = '[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*'
const REPOSITORY = new RegExp(`^${PART}(?:/${PART})+$`)
const TAG = /^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}$/

export function isRepositoryName(text: string): boolean {
  return text.length <= registryLimits.repositoryNameCharsMax && REPOSITORY.test(text)
}

export function isTag(text: string): boolean {
  return TAG.test(text)
}

/** The project that owns a repository. */
export function projectOf(repository: string): string {
  return repository.slice(0, repository.indexOf('/'))
}
