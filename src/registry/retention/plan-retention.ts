// Which tags of a repository a project's rules keep, and why. Pure: what is previewed is what is done.
import type { RetentionRule } from '#kinds/ccs/project.ts'
import type { Digest } from '../digest.ts'
import { selectsTag } from '../project-rules.ts'

export interface RetentionTag {
  tag: string
  digest: Digest
  /** Milliseconds since 1970. */
  pushedAt: number
  /** Null when nobody pulled by it since this is noted. */
  pulledAt: number | null
}

export interface RetentionVerdict {
  tag: string
  digest: Digest
  keep: boolean
  why: string
}

export interface RetentionQuestion {
  repository: string
  tags: readonly RetentionTag[]
  rules: readonly RetentionRule[]
  now: number
  /** Digests that a service or one of its revisions runs. */
  inUse: ReadonlySet<string>
  isImmutable: (tag: string) => boolean
}

const DAY_MS = 24 * 60 * 60_000

/** In the order of the tags given. A tag that any rule keeps stays; one that no rule is about too. */
export function planRetention(question: RetentionQuestion): RetentionVerdict[] {
  const { repository, tags, rules } = question
  const selections = rules.map((rule) => ({
    rule,
    // Newest first; of two pushed at once, the one that sorts last, as version numbers do.
    newest: tags
      .filter(({ tag }) => selectsTag(rule, repository, tag))
      .toSorted((a, b) => b.pushedAt - a.pushedAt || (a.tag < b.tag ? 1 : -1)),
  }))
  return tags.map((tag) => ({
    tag: tag.tag,
    digest: tag.digest,
    ...verdictOn(tag, question, selections),
  }))
}

type Selection = { rule: RetentionRule; newest: readonly RetentionTag[] }

function verdictOn(
  tag: RetentionTag,
  { inUse, isImmutable, now }: RetentionQuestion,
  selections: readonly Selection[],
): { keep: boolean; why: string } {
  if (inUse.has(tag.digest)) return { keep: true, why: 'a service runs it' }
  if (isImmutable(tag.tag)) return { keep: true, why: 'it is immutable' }
  const about = selections.filter(({ newest }) => newest.includes(tag))
  if (about.length === 0) return { keep: true, why: 'no rule is about it' }
  for (const { rule, newest } of about) {
    const why = keptBecause(tag, rule, newest, now)
    if (why !== undefined) return { keep: true, why }
  }
  return { keep: false, why: 'no rule keeps it' }
}

function keptBecause(
  tag: RetentionTag,
  rule: RetentionRule,
  newest: readonly RetentionTag[],
  now: number,
): string | undefined {
  const { keepAll, keepLast, keepPushedWithinDays: pushed, keepPulledWithinDays: pulled } = rule
  if (keepAll) return 'a rule keeps all'
  if (keepLast !== undefined && newest.indexOf(tag) < keepLast)
    return `it is one of the last ${keepLast} pushed`
  if (pushed !== undefined && now - tag.pushedAt < pushed * DAY_MS)
    return `it was pushed in the last ${pushed} days`
  if (pulled !== undefined && tag.pulledAt !== null && now - tag.pulledAt < pulled * DAY_MS)
    return `it was pulled in the last ${pulled} days`
  return undefined
}
