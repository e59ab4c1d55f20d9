// Literals that can be seen to be wrong before an expression runs.
import { parseDuration, parseTimestamp } from '../functions/times.ts'
import { regularExpression } from '../functions/regular-expression.ts'
import type { Call } from '../syntax/expression.ts'
import type { Problem } from '../syntax/syntax-error.ts'
import { CelError } from '../values.ts'

const CHECKS: Readonly<Record<string, (text: string) => boolean>> = {
  duration: (text) => parseDuration(text) !== undefined,
  timestamp: (text) => parseTimestamp(text) !== undefined,
  matches: isPattern,
}

function isPattern(text: string): boolean {
  try {
    regularExpression(text)
    return true
  } catch (error) {
    if (!(error instanceof CelError)) throw error
    return false
  }
}

export function literalProblem({ name, args }: Call): Problem | undefined {
  const literal = args.at(-1)
  if (!Object.hasOwn(CHECKS, name) || literal?.kind !== 'literal') return undefined
  if (typeof literal.value !== 'string' || CHECKS[name]!(literal.value)) return undefined
  return { message: `invalid ${name} argument`, at: literal.at }
}
