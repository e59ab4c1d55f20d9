// What a project lays down for its images, from the hub; the registry keeps no rules of its own.
import { matchesPattern } from '#kinds/ccs/image-pattern.ts'
import type { RetentionPolicy, TagSelection } from '#kinds/ccs/project.ts'
import { projectOf } from './repository-name.ts'

export interface ProjectRules {
  /** Bytes its images may take; without, as many as fit on the disk. */
  quotaBytes?: number | undefined
  immutableTags: readonly TagSelection[]
  retention?: RetentionPolicy | undefined
}

/** Of any project, also of one that nobody has made an object for. */
export type RulesOf = (project: string) => ProjectRules

export const noRules: RulesOf = () => ({ immutableTags: [] })

/** Whether the selection means a tag of a repository; patterns are below the project's name. */
export function selectsTag(selection: TagSelection, repository: string, tag: string): boolean {
  const below = repository.slice(projectOf(repository).length + 1)
  return matchesPattern(selection.repositories, below) && matchesPattern(selection.tags, tag)
}
