// Regular expressions in RE2's syntax, matched in time linear to the text: an expression of a user must
// not be able to hold up the server.
import { RE2JS, RE2JSException } from 're2js'
import { CelError } from '../values.ts'

const LENGTH_MAX = 10_000
const KEPT_MAX = 1_000

const compiled = new Map<string, RE2JS>()

/** Throws CelError, with Go's reason, for what is no regular expression. */
export function regularExpression(pattern: string): RE2JS {
  const known = compiled.get(pattern)
  if (known !== undefined) return known
  const made = compile(pattern)
  // The oldest goes: expressions come from definitions, of which there are few.
  if (compiled.size >= KEPT_MAX)
    for (const key of compiled.keys()) {
      compiled.delete(key)
      break
    }
  compiled.set(pattern, made)
  return made
}

function compile(pattern: string): RE2JS {
  if (pattern.length > LENGTH_MAX)
    throw new CelError(`error parsing regexp: expression is longer than ${LENGTH_MAX} characters`)
  try {
    return RE2JS.compile(pattern)
  } catch (error) {
    if (!(error instanceof RE2JSException)) throw error
    throw new CelError(error.message)
  }
}

/** Whether the pattern is found anywhere in the text. */
export const isMatch = (pattern: string, text: string): boolean =>
  regularExpression(pattern).test(text)

/** The first matches, at most so many. */
export function findMatches(pattern: string, text: string, countMax: number): string[] {
  const matcher = regularExpression(pattern).matcher(text)
  const found: string[] = []
  while (found.length < countMax && matcher.find()) found.push(matcher.group() ?? '')
  return found
}
