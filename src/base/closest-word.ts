// "Did you mean": the word of a list that a mistyped one is nearest to.

/** More than this many wrong letters are no typing mistake. */
const MISTAKES_MAX = 2

/** Insertions, deletions, replacements and swaps of neighbours between two words (Damerau-Levenshtein). */
export function editDistance(a: string, b: string): number {
  let beforeLast: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1
      let best = Math.min(last[j]! + 1, row[j - 1]! + 1, last[j - 1]! + cost)
      const isSwap = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
      if (isSwap) best = Math.min(best, beforeLast[j - 2]! + 1)
      row.push(best)
    }
    beforeLast = last
    last = row
  }
  return last[b.length]!
}

/** The nearest of `choices`, or undefined when none is near. Words that begin alike are near too. */
export function closestWord(word: string, choices: readonly string[]): string | undefined {
  const wanted = word.toLowerCase()
  const mistakesMax = Math.min(MISTAKES_MAX, Math.floor(wanted.length / 2))
  const ranked = choices
    .map((choice) => ({ choice, distance: editDistance(wanted, choice.toLowerCase()) }))
    .toSorted((a, b) => a.distance - b.distance)
  const [best] = ranked
  if (best !== undefined && best.distance <= mistakesMax) return best.choice
  return wanted.length < 3
    ? undefined
    : choices.find((choice) => choice.toLowerCase().startsWith(wanted))
}

/** ` Did you mean "x"?`, or nothing. */
export function didYouMean(word: string, choices: readonly string[]): string {
  const closest = closestWord(word, choices)
  return closest === undefined ? '' : ` Did you mean "${closest}"?`
}
