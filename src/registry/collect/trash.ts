// What was deleted and can be had back, with the tags that it had.
import type { Clock } from '#base/clock.ts'
import type { Metadata } from '../metadata.ts'
import type { RulesOf } from '../project-rules.ts'
import { RegistryError } from '../registry-error.ts'
import { type TagChanger, TagChanges } from '../tag-changes.ts'
import type { TrashRow } from './trash-rows.ts'

export interface Restored {
  repository: string
  digest: string
  /** Tags that mean it again. */
  tags: string[]
  /** Tags that mean something else by now, and go on to. */
  taken: string[]
}

export class Trash {
  readonly #metadata: Metadata
  readonly #clock: Clock
  readonly #tagChanges: TagChanges

  constructor(options: { metadata: Metadata; clock: Clock; rulesOf: RulesOf }) {
    this.#metadata = options.metadata
    this.#clock = options.clock
    this.#tagChanges = new TagChanges(options)
  }

  find(id: number): TrashRow {
    const row = this.#metadata.trash.find(id)
    if (row !== undefined) return row
    throw new RegistryError('MANIFEST_UNKNOWN', `there is no ${id} in the trash; it may be purged`)
  }

  /** Puts a manifest back where it was. A tag that is set anew meanwhile stays as it is. */
  restore(row: TrashRow, by: TagChanger): Restored {
    const metadata = this.#metadata
    const now = this.#clock.now()
    const { repositoryId, manifestId, digest, repository: name } = row
    const repository = { id: repositoryId, name }
    const wanted = JSON.parse(row.tags) as string[]
    return metadata.transaction(() => {
      metadata.trash.remove(row.id)
      // Blobs may have been deleted after it; their bytes were kept for this.
      for (const blobId of metadata.usage.around(repositoryId, manifestId).blobIds)
        metadata.blobs.link(repositoryId, blobId, now)
      if (metadata.manifests.link(repositoryId, manifestId, now))
        metadata.events.append({ type: 'restore', actor: by.name, repository: name, digest }, now)
      const isFree = (tag: string) => metadata.tags.find(repositoryId, tag) === undefined
      const tags = wanted.filter(isFree)
      for (const tag of tags)
        this.#tagChanges.set({ repository, tag, target: { manifestId, digest }, by }, now)
      return { repository: name, digest, tags, taken: wanted.filter((tag) => !tags.includes(tag)) }
    })
  }
}
