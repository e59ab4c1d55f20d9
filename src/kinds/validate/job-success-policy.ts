// Rules by which an indexed job is done before all of its indexes are.
import type { FieldError } from '../definition.ts'
import type { JobSpec, SuccessPolicy, SuccessPolicyRule } from '../k8s/batch.ts'
import { countIndexes, IndexesError, parseIndexes } from '../job-indexes.ts'
import { invalid, nonNegative, required, tooLong, tooMany } from './field-error.ts'

const RULES_MAX = 20
const INDEXES_BYTES_MAX = 64 * 1024

export function validateSuccessPolicy(
  { rules }: SuccessPolicy,
  { completionMode, completions }: JobSpec,
  field: string,
): FieldError[] {
  if (completionMode !== 'Indexed')
    return [invalid(field, { rules }, 'requires indexed completion mode')]
  // That completions are missing is told of already.
  if (completions === undefined) return []
  const errors: FieldError[] = []
  if (rules.length === 0)
    errors.push(
      required(
        `${field}.rules`,
        'at least one rules must be specified when the successPolicy is specified',
      ),
    )
  if (rules.length > RULES_MAX) errors.push(tooMany(`${field}.rules`, rules.length, RULES_MAX))
  return [
    ...errors,
    ...rules.flatMap((rule, index) => validateRule(rule, completions, `${field}.rules[${index}]`)),
  ]
}

function validateRule(rule: SuccessPolicyRule, completions: number, field: string): FieldError[] {
  const { succeededCount, succeededIndexes } = rule
  if (succeededCount === undefined && succeededIndexes === undefined)
    return [required(field, 'at least one of succeededCount or succeededIndexes must be specified')]
  const { errors, total } =
    succeededIndexes === undefined
      ? { errors: [], total: undefined }
      : readIndexes(succeededIndexes, completions, `${field}.succeededIndexes`)
  if (succeededCount === undefined) return errors
  const at = `${field}.succeededCount`
  const atMost = (limit: number, what: string) =>
    succeededCount > limit
      ? [
          invalid(
            at,
            succeededCount,
            `must be less than or equal to ${limit} (the number of ${what})`,
          ),
        ]
      : []
  return [
    ...errors,
    ...nonNegative(at, succeededCount),
    ...atMost(completions, 'specified completions'),
    ...(total === undefined
      ? []
      : atMost(total, 'indexes in the specified succeededIndexes field')),
  ]
}

function readIndexes(text: string, completions: number, field: string) {
  const errors: FieldError[] = []
  if (Buffer.byteLength(text) > INDEXES_BYTES_MAX) errors.push(tooLong(field, INDEXES_BYTES_MAX))
  try {
    return { errors, total: countIndexes(parseIndexes(text, completions)) }
  } catch (error) {
    if (!(error instanceof IndexesError)) throw error
    errors.push(invalid(field, text, `error parsing succeededIndexes: ${error.message}`))
    return { errors, total: 0 }
  }
}
