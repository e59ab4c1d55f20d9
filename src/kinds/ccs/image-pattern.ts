// Patterns over repositories and tags, as rules of a project write them: `*` stands for any
// characters but "/", `**` for any, `?` for one, `{a,b}` for one of several. A pattern always
// means the whole name.

/** Characters of a pattern; a longer one is refused by the schema. */
export const PATTERN_CHARS_MAX = 256
/** Names without groups that one pattern may be short for: groups multiply. */
const ALTERNATIVES_MAX = 64

const ALLOWED = /^[a-zA-Z0-9._/*?{},-]+$/

/** Why `pattern` is none, or nothing. */
export function patternProblem(pattern: string): string | undefined {
  if (pattern.length > PATTERN_CHARS_MAX) return `must have at most ${PATTERN_CHARS_MAX} characters`
  if (!ALLOWED.test(pattern))
    return 'must be letters, digits, ".", "_", "-" and "/", with "*", "**", "?" and "{a,b}" as wild cards'
  if (/[{}]/.test(pattern.replace(/\{[^{}]*\}/g, ''))) return 'has a brace without its other'
  if (alternativeCount(pattern) > ALTERNATIVES_MAX)
    return `must be short for at most ${ALTERNATIVES_MAX} names: its groups {a,b} multiply`
  return undefined
}

const alternativeCount = (pattern: string): number =>
  [...pattern.matchAll(/\{[^{}]*\}/g)].reduce(
    (count, [group]) => count * group.split(',').length,
    1,
  )

/** The patterns without groups that `pattern` is short for. */
function alternatives(pattern: string): string[] {
  const group = /\{([^{}]*)\}/.exec(pattern)
  if (group === null) return [pattern]
  const before = pattern.slice(0, group.index)
  const after = pattern.slice(group.index + group[0].length)
  return group[1]!.split(',').flatMap((part) => alternatives(before + part + after))
}

/** The end of a wild card at `at`, or `at` when there is none. */
const wildCardEnd = (pattern: string, at: number): number =>
  pattern[at] !== '*' ? at : pattern[at + 1] === '*' ? at + 2 : at + 1

/** Whether one pattern without groups means `name`; each step looks at each place once. */
function matchesOne(pattern: string, name: string): boolean {
  let reached = new Set([0])
  for (let at = 0; at < pattern.length && reached.size > 0;) {
    const end = wildCardEnd(pattern, at)
    const next = new Set<number>()
    for (const place of reached) {
      if (end === at) {
        const isMatch = pattern[at] === '?' ? name[place] !== '/' : pattern[at] === name[place]
        if (place < name.length && isMatch) next.add(place + 1)
        continue
      }
      next.add(place)
      for (let on = place; on < name.length; on++) {
        if (end === at + 1 && name[on] === '/') break
        next.add(on + 1)
      }
    }
    reached = next
    at = end === at ? at + 1 : end
  }
  return reached.has(name.length)
}

/** Whether `pattern` means `name`; one that is no pattern means nothing. */
export const matchesPattern = (pattern: string, name: string): boolean =>
  patternProblem(pattern) === undefined &&
  alternatives(pattern).some((one) => matchesOne(one, name))
