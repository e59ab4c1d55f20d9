// Sets of completion indexes as a job writes them: "0,3-5,9".

export class IndexesError extends Error {
  override readonly name = 'IndexesError'
}

/** Both ends belong to it. */
export type IndexInterval = readonly [first: number, last: number]

/** Throws `IndexesError` unless the indexes rise and are all below `completions`. */
export function parseIndexes(text: string, completions: number): IndexInterval[] {
  if (text === '') return []
  const intervals: IndexInterval[] = []
  for (const part of text.split(',')) {
    const interval = parseInterval(part, completions)
    const last = intervals.at(-1)?.[1]
    if (last !== undefined && last >= interval[0])
      throw new IndexesError(`non-increasing order, previous: ${last}, current: ${interval[0]}`)
    intervals.push(interval)
  }
  return intervals
}

export const countIndexes = (intervals: readonly IndexInterval[]): number =>
  intervals.reduce((total, [first, last]) => total + last - first + 1, 0)

/** The first index that both have. */
export function firstCommonIndex(
  some: readonly IndexInterval[],
  others: readonly IndexInterval[],
): number | undefined {
  for (const [first, last] of some)
    for (const [otherFirst, otherLast] of others)
      if (first <= otherLast && otherFirst <= last) return Math.max(first, otherFirst)
  return undefined
}

function parseInterval(text: string, completions: number): IndexInterval {
  const limits = text.split('-')
  if (limits.length > 2)
    throw new IndexesError(
      `the fragment ${JSON.stringify(text)} violates the requirement that an index interval can have at most two parts separated by '-'`,
    )
  const [first = 0, last = first] = limits.map((limit) => parseIndex(limit, completions))
  if (limits.length === 2 && first >= last)
    throw new IndexesError(`non-increasing order, previous: ${first}, current: ${last}`)
  return [first, last]
}

function parseIndex(limit: string, completions: number): number {
  if (!/^[-+]?\d+$/.test(limit))
    throw new IndexesError(`cannot convert string to integer for index: ${JSON.stringify(limit)}`)
  const index = Number(limit)
  if (index >= completions) throw new IndexesError(`too large index: ${JSON.stringify(limit)}`)
  return index
}
