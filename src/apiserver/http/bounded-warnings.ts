import { apiLimits } from '../limits.ts'

/**
 * What of the warnings is said: each once, all in full while they are short together; else each cut, and those left
 * out for which no room is left (apiserver endpoints/filters/warning.go). Webhooks may write as many as they like.
 */
export function boundedWarnings(warnings: readonly string[]): string[] {
  const { warningsLengthMax, warningLengthMax } = apiLimits
  const texts = [...new Set(warnings)].filter((text) => text !== '')
  const total = texts.reduce((sum, text) => sum + text.length, 0)
  if (total <= warningsLengthMax) return texts
  const said: string[] = []
  let length = 0
  for (const text of texts) {
    if (length >= warningsLengthMax) break
    const cut = text.slice(0, warningLengthMax)
    length += cut.length
    said.push(cut)
  }
  return said
}
