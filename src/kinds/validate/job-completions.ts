import type { FieldError } from '../definition.ts'
import type { JobSpec } from '../k8s/batch.ts'
import { invalid, notSupported, required } from './field-error.ts'

const MODES = ['NonIndexed', 'Indexed']
const PARALLELISM_MAX = 100_000
const FAILED_INDEXES_MAX = 100_000
/** Above so many completions, what is written about indexes is kept short by narrower limits. */
const COMPLETIONS_HIGH = 100_000
const PARALLELISM_HIGH_MAX = 10_000
const FAILED_INDEXES_HIGH_MAX = 10_000

export function validateCompletions(spec: JobSpec, field: string): FieldError[] {
  const { completionMode = 'NonIndexed', backoffLimitPerIndex, maxFailedIndexes } = spec
  const errors: FieldError[] = []
  if (maxFailedIndexes !== undefined && backoffLimitPerIndex === undefined)
    errors.push(required(`${field}.backoffLimitPerIndex`, 'when maxFailedIndexes is specified'))
  if (!MODES.includes(completionMode))
    errors.push(notSupported(`${field}.completionMode`, completionMode, MODES))
  if (completionMode === 'Indexed') return [...errors, ...validateIndexed(spec, field)]
  for (const key of ['backoffLimitPerIndex', 'maxFailedIndexes'] as const)
    if (completionMode === 'NonIndexed' && spec[key] !== undefined)
      errors.push(invalid(`${field}.${key}`, spec[key], 'requires indexed completion mode'))
  return errors
}

function validateIndexed(spec: JobSpec, field: string): FieldError[] {
  const { completions, parallelism = 0, maxFailedIndexes = 0, backoffLimitPerIndex } = spec
  const errors: FieldError[] = []
  const tooMuch = (key: 'parallelism' | 'maxFailedIndexes', detail: string) =>
    errors.push(invalid(`${field}.${key}`, spec[key], `must be less than or equal to ${detail}`))
  if (completions === undefined)
    errors.push(required(`${field}.completions`, 'when completion mode is Indexed'))
  if (parallelism > PARALLELISM_MAX)
    tooMuch('parallelism', `${PARALLELISM_MAX} when completion mode is Indexed`)
  if (completions !== undefined && maxFailedIndexes > completions)
    tooMuch('maxFailedIndexes', 'completions')
  if (maxFailedIndexes > FAILED_INDEXES_MAX) tooMuch('maxFailedIndexes', String(FAILED_INDEXES_MAX))
  if ((completions ?? 0) <= COMPLETIONS_HIGH || backoffLimitPerIndex === undefined) return errors
  const high = `when completions are above ${COMPLETIONS_HIGH} and used with backoff limit per index`
  if (spec.maxFailedIndexes === undefined)
    errors.push(
      required(
        `${field}.maxFailedIndexes`,
        `must be specified when completions is above ${COMPLETIONS_HIGH}`,
      ),
    )
  if (parallelism > PARALLELISM_HIGH_MAX) tooMuch('parallelism', `${PARALLELISM_HIGH_MAX} ${high}`)
  if (maxFailedIndexes > FAILED_INDEXES_HIGH_MAX)
    tooMuch('maxFailedIndexes', `${FAILED_INDEXES_HIGH_MAX} ${high}`)
  return errors
}
