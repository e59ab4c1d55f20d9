// Rules of an Upstream that its schema cannot state: a pattern that is none would mean nothing, and
// whatever it was to deny would be mirrored.
import type { FieldError } from '#kinds/definition.ts'
import { invalid } from '#kinds/validate/field-error.ts'
import { patternProblem } from './image-pattern.ts'
import type { Upstream } from './upstream.ts'

export function validateUpstream({ spec }: Upstream): FieldError[] {
  const named: [field: string, pattern: string][] = []
  for (const field of ['allow', 'deny'] as const)
    for (const [at, pattern] of (spec[field] ?? []).entries())
      named.push([`spec.${field}[${at}]`, pattern])
  for (const [at, { repositories, tags }] of (spec.tagRules ?? []).entries())
    named.push(
      [`spec.tagRules[${at}].repositories`, repositories],
      [`spec.tagRules[${at}].tags`, tags],
    )
  return named.flatMap(([field, pattern]) => {
    const problem = patternProblem(pattern)
    return problem === undefined ? [] : [invalid(field, pattern, problem)]
  })
}
