// Two values as Kubernetes shows how they differ: a unified diff of their JSON, named as Go names fields.

const CONTEXT_LINES = 3

type Line = readonly [mark: ' ' | '-' | '+', text: string]

const inGo = (key: string): string => key.charAt(0).toUpperCase() + key.slice(1)

/** Keys of a map of labels or amounts are data: they stay as they are. */
const isName = (key: string): boolean => /^[a-z][A-Za-z]*$/.test(key)

function withGoNames(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withGoNames)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [isName(key) ? inGo(key) : key, withGoNames(item)]),
  )
}

const linesOf = (value: unknown): string[] =>
  JSON.stringify(withGoNames(value), null, 1).split('\n')

/** Hunks with three lines around each change; "" when the two are the same. */
export function goDiff(before: unknown, after: unknown): string {
  return hunks(compare(linesOf(before), linesOf(after)))
}

/** What both begin and end with stays; all between is replaced but for its longest common part. */
function compare(before: readonly string[], after: readonly string[]): Line[] {
  let start = 0
  while (start < before.length && start < after.length && before[start] === after[start]) start++
  let end = 0
  const shortest = Math.min(before.length, after.length) - start
  while (end < shortest && before.at(-1 - end) === after.at(-1 - end)) end++
  const same = (line: string): Line => [' ', line]
  return [
    ...before.slice(0, start).map(same),
    ...compareMiddle(
      before.slice(start, before.length - end),
      after.slice(start, after.length - end),
    ),
    ...before.slice(before.length - end).map(same),
  ]
}

/** Beyond this many pairs of lines the whole middle is shown as replaced. */
const PAIRS_MAX = 1_000_000

function compareMiddle(before: readonly string[], after: readonly string[]): Line[] {
  const removed = before.map((line): Line => ['-', line])
  const added = after.map((line): Line => ['+', line])
  if (before.length * after.length > PAIRS_MAX) return [...removed, ...added]
  const common = commonLengths(before, after)
  const lines: Line[] = []
  let [i, j] = [0, 0]
  while (i < before.length && j < after.length) {
    if (before[i] === after[j]) {
      lines.push([' ', before[i]!])
      i++
      j++
    } else if (common[i + 1]![j]! >= common[i]![j + 1]!) lines.push(removed[i++]!)
    else lines.push(added[j++]!)
  }
  return [...lines, ...removed.slice(i), ...added.slice(j)]
}

/** [i][j]: how long the longest common part of the rests from line i and line j on is. */
function commonLengths(before: readonly string[], after: readonly string[]): number[][] {
  const table = Array.from({ length: before.length + 1 }, () =>
    Array.from({ length: after.length + 1 }, () => 0),
  )
  for (let i = before.length - 1; i >= 0; i--)
    for (let j = after.length - 1; j >= 0; j--)
      table[i]![j] =
        before[i] === after[j]
          ? table[i + 1]![j + 1]! + 1
          : Math.max(table[i + 1]![j]!, table[i]![j + 1]!)
  return table
}

function hunks(lines: readonly Line[]): string {
  const isChange = ([mark]: Line) => mark !== ' '
  let text = ''
  let [oldLine, newLine] = [1, 1]
  let at = 0
  const skipTo = (index: number): void => {
    for (; at < index; at++) {
      if (lines[at]![0] !== '+') oldLine++
      if (lines[at]![0] !== '-') newLine++
    }
  }
  for (let next = lines.findIndex(isChange); next >= 0;) {
    const start = Math.max(at, next - CONTEXT_LINES)
    let end = next
    for (let index = next; index < lines.length && index <= end + 2 * CONTEXT_LINES; index++)
      if (isChange(lines[index]!)) end = index
    const hunk = lines.slice(start, end + CONTEXT_LINES + 1)
    skipTo(start)
    const count = (mark: '-' | '+') => hunk.filter(([own]) => own === ' ' || own === mark).length
    text += `@@ -${oldLine},${count('-')} +${newLine},${count('+')} @@\n`
    for (const [mark, line] of hunk) text += `${mark}${line}\n`
    skipTo(start + hunk.length)
    next = lines.findIndex((line, index) => index >= at && isChange(line))
  }
  return text
}
