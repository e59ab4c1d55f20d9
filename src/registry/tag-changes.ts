// Making, moving and taking away tags: the only way to any of them, so that what protects a tag
// holds for a push, a copy, a restore and a rule alike. Runs inside the caller's transaction.
import type { Digest } from './digest.ts'
import type { Metadata } from './metadata.ts'
import { type RulesOf, selectsTag } from './project-rules.ts'
import { RegistryError } from './registry-error.ts'
import { projectOf } from './repository-name.ts'
import type { RepositoryRow } from './repository-rows.ts'

export interface TagTarget {
  manifestId: number
  digest: Digest
}

/** Who changes a tag, and what it may. */
export interface TagChanger {
  name: string
  /** May make tags, but neither move nor take away one that is there. */
  createOnly?: boolean | undefined
}

export class TagChanges {
  readonly #metadata: Metadata
  readonly #rulesOf: RulesOf

  constructor(options: { metadata: Metadata; rulesOf: RulesOf }) {
    this.#metadata = options.metadata
    this.#rulesOf = options.rulesOf
  }

  /** Has `tag` mean `target`. Throws DENIED when it means something else and may not move. */
  set(
    change: { repository: RepositoryRow; tag: string; target: TagTarget; by: TagChanger },
    now: number,
  ): void {
    const { repository, tag, target, by } = change
    const { tags, events } = this.#metadata
    const previous = tags.find(repository.id, tag)?.digest
    if (previous !== undefined && previous !== target.digest)
      this.#requireMutable(repository, tag, by)
    tags.set({ repositoryId: repository.id, name: tag, manifestId: target.manifestId }, now)
    const event = { actor: by.name, repository: repository.name, tag, digest: target.digest }
    events.append({ type: 'tag', ...event, previous }, now)
  }

  /** Takes the tag away; false when there was none. Throws DENIED when it may not go. */
  remove(change: { repository: RepositoryRow; tag: string; by: TagChanger }, now: number): boolean {
    const { repository, tag, by } = change
    const { tags, events } = this.#metadata
    const digest = tags.find(repository.id, tag)?.digest
    if (digest === undefined) return false
    this.#requireMutable(repository, tag, by)
    tags.delete(repository.id, tag)
    const event = { actor: by.name, repository: repository.name, tag, digest }
    events.append({ type: 'untag', ...event }, now)
    return true
  }

  #requireMutable({ name }: RepositoryRow, tag: string, by: TagChanger): void {
    if (by.createOnly)
      throw new RegistryError('DENIED', `${by.name} may make tags only, and ${name}:${tag} exists`)
    const { immutableTags } = this.#rulesOf(projectOf(name))
    const rule = immutableTags.find((selection) => selectsTag(selection, name, tag))
    if (rule === undefined) return
    throw new RegistryError('DENIED', `the tag ${name}:${tag} is immutable: push another one`, {
      detail: { tag, rule },
    })
  }
}
