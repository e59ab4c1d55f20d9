// A project's retention rules, shown or carried out. What goes, goes to the trash.
import type { Clock } from '#base/clock.ts'
import type { Access } from '../access/access.ts'
import type { Digest } from '../digest.ts'
import type { Manifests } from '../manifests.ts'
import type { Metadata } from '../metadata.ts'
import { selectsTag } from '../project-rules.ts'
import { RegistryError } from '../registry-error.ts'
import { planRetention, type RetentionVerdict } from './plan-retention.ts'
import type { Pulls } from './pulls.ts'

export interface RetentionOptions {
  metadata: Metadata
  manifests: Manifests
  access: Access
  clock: Clock
  pulls: Pulls
}

export interface RepositoryRetention {
  repository: string
  tags: RetentionVerdict[]
  /** Manifests without a tag that go, by their digests. */
  untagged: Digest[]
}

const BY = { name: 'retention' }
const DAY_MS = 24 * 60 * 60_000

export class Retention {
  readonly #options: RetentionOptions

  constructor(options: RetentionOptions) {
    this.#options = options
  }

  /** What the rules of a project would do now; nothing where it has none. */
  plan(project: string): RepositoryRetention[] {
    const { metadata, access, clock, pulls } = this.#options
    const { retention, immutableTags } = access.rulesOf(project)
    if (retention === undefined) return []
    pulls.write()
    const now = clock.now()
    const inUse = access.digestsInUse
    return metadata.retention.repositories(project).map(({ id, name }) => ({
      repository: name,
      tags: planRetention({
        repository: name,
        tags: metadata.retention.tags(id),
        rules: retention.rules,
        now,
        inUse,
        isImmutable: (tag) => immutableTags.some((rule) => selectsTag(rule, name, tag)),
      }),
      untagged:
        retention.untaggedAfterDays === undefined
          ? []
          : metadata.retention
              .untagged(id, now - retention.untaggedAfterDays * DAY_MS)
              .filter((digest) => !inUse.has(digest)),
    }))
  }

  /** Does what `plan` says, and says what it did. */
  apply(project: string): RepositoryRetention[] {
    const plans = this.plan(project)
    for (const plan of plans) this.#carryOut(plan)
    return plans
  }

  /** An image all of whose tags go is deleted with them, so that it can be had back whole. */
  #carryOut({ repository, tags, untagged }: RepositoryRetention): void {
    const { manifests } = this.#options
    const kept = new Set(tags.filter(({ keep }) => keep).map(({ digest }) => digest))
    const goes = tags.filter(({ keep }) => !keep)
    for (const { tag, digest } of goes)
      if (kept.has(digest)) manifests.delete(repository, { type: 'tag', tag }, BY)
    const whole = goes.map(({ digest }) => digest).filter((digest) => !kept.has(digest))
    for (const digest of new Set([...whole, ...untagged])) this.#delete(repository, digest, goes)
  }

  #delete(repository: string, digest: Digest, goes: readonly RetentionVerdict[]): void {
    const { manifests } = this.#options
    try {
      manifests.delete(repository, { type: 'digest', digest }, BY)
    } catch (error) {
      // A part of an image that stays: its own tags go all the same.
      if (!(error instanceof RegistryError && error.code === 'UNSUPPORTED')) throw error
      for (const { tag } of goes.filter((one) => one.digest === digest))
        manifests.delete(repository, { type: 'tag', tag }, BY)
    }
  }
}
