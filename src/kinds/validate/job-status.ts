// What the status of a job may say: its parts have to go together, and what is final stays.
import type { FieldError } from '../definition.ts'
import type { Job, JobStatus, UncountedTerminatedPods } from '../k8s/batch.ts'
import type { IndexInterval } from '../job-indexes.ts'
import { firstCommonIndex, IndexesError, parseIndexes } from '../job-indexes.ts'
import { isConditionTrue } from '../meta.ts'
import { deepEqual } from './equal.ts'
import { duplicate, invalid, invalidAsWhole, nonNegative, required } from './field-error.ts'

const COUNTS = ['active', 'succeeded', 'failed', 'ready', 'terminating'] as const

/** validateJobStatus and ValidateJobStatusUpdate in k8s.io/kubernetes pkg/apis/batch/validation. */
export function validateJobStatus(job: Job, old: Job | undefined): FieldError[] {
  const { status } = job
  // Rules that came later hold for what is changed, so that jobs from before them can still be.
  if (status === undefined || deepEqual(status, old?.status)) return []
  return [
    ...COUNTS.flatMap((key) => nonNegative(`status.${key}`, status[key])),
    ...validateUncounted(status.uncountedTerminatedPods ?? {}),
    ...validateConditions(job),
    ...validateTimes(status),
    ...validateFinished(status),
    ...validateIndexes(job),
    ...(old === undefined ? [] : validateStatusUpdate(job, old.status ?? {})),
  ]
}

function validateUncounted(uncounted: UncountedTerminatedPods): FieldError[] {
  const seen = new Set<string>()
  return (['succeeded', 'failed'] as const).flatMap((key) =>
    (uncounted[key] ?? []).flatMap((uid, index) => {
      const field = `status.uncountedTerminatedPods.${key}[${index}]`
      if (uid === '') return [invalid(field, uid, 'must not be empty')]
      if (seen.has(uid)) return [duplicate(field, uid)]
      seen.add(uid)
      return []
    }),
  )
}

type Condition = 'Complete' | 'Failed' | 'FailureTarget' | 'SuccessCriteriaMet'

const isTrue = (status: JobStatus, type: Condition): boolean =>
  isConditionTrue(status.conditions, type)

/** Pairs that cannot both be true, as messages write them. */
const EXCLUSIVE: readonly (readonly [Condition, Condition])[] = [
  ['Complete', 'Failed'],
  ['Complete', 'FailureTarget'],
  ['SuccessCriteriaMet', 'Failed'],
  ['SuccessCriteriaMet', 'FailureTarget'],
]

/** What a condition needs to be true first. */
const NEEDED: readonly (readonly [Condition, Condition])[] = [
  ['Failed', 'FailureTarget'],
  ['Complete', 'SuccessCriteriaMet'],
]

function validateConditions({ status = {} }: Job): FieldError[] {
  const field = 'status.conditions'
  const errors = EXCLUSIVE.flatMap(([one, other]) =>
    isTrue(status, one) && isTrue(status, other)
      ? [invalidAsWhole(field, `cannot set ${one}=True and ${other}=true conditions`)]
      : [],
  )
  for (const [one, other] of NEEDED)
    if (isTrue(status, one) && !isTrue(status, other))
      errors.push(
        invalidAsWhole(
          field,
          `cannot set ${one}=True condition without the ${other}=true condition`,
        ),
      )
  return errors
}

function validateTimes(status: JobStatus): FieldError[] {
  const field = 'status.completionTime'
  const { startTime, completionTime } = status
  if (completionTime === undefined)
    return isTrue(status, 'Complete')
      ? [required(field, 'completionTime is required for Complete jobs')]
      : []
  const errors: FieldError[] = []
  if (!isTrue(status, 'Complete'))
    errors.push(
      invalid(
        field,
        completionTime,
        'cannot set completionTime when there is no Complete=True condition',
      ),
    )
  if (startTime !== undefined && Date.parse(completionTime) < Date.parse(startTime))
    errors.push(invalid(field, completionTime, 'completionTime cannot be set before startTime'))
  return errors
}

function validateFinished(status: JobStatus): FieldError[] {
  const { active = 0, ready, terminating = 0, startTime, uncountedTerminatedPods } = status
  const errors: FieldError[] = []
  if (isTrue(status, 'Complete') || isTrue(status, 'Failed')) {
    const { succeeded = [], failed = [] } = uncountedTerminatedPods ?? {}
    if (active > 0)
      errors.push(invalid('status.active', active, 'active>0 is invalid for finished job'))
    if (startTime === undefined)
      errors.push(required('status.startTime', 'startTime is required for finished job'))
    if (succeeded.length + failed.length > 0)
      errors.push(
        invalid(
          'status.uncountedTerminatedPods',
          uncountedTerminatedPods,
          'uncountedTerminatedPods needs to be empty for finished job',
        ),
      )
    if (terminating > 0)
      errors.push(
        invalid('status.terminating', terminating, 'terminating>0 is invalid for finished job'),
      )
  }
  if (ready !== undefined && ready > active)
    errors.push(invalid('status.ready', ready, 'cannot set more ready pods than active'))
  return errors
}

function validateIndexes({ spec, status = {} }: Job): FieldError[] {
  const { completedIndexes = '', failedIndexes } = status
  const { completions, completionMode, backoffLimitPerIndex } = spec
  const errors: FieldError[] = []
  const read = (key: 'completedIndexes' | 'failedIndexes', text: string): IndexInterval[] => {
    try {
      return completions === undefined ? [] : parseIndexes(text, completions)
    } catch (error) {
      if (!(error instanceof IndexesError)) throw error
      errors.push(invalid(`status.${key}`, text, `error parsing ${key}: ${error.message}`))
      return []
    }
  }
  const completed = read('completedIndexes', completedIndexes)
  const failed = read('failedIndexes', failedIndexes ?? '')
  if (completedIndexes !== '' && completionMode !== 'Indexed')
    errors.push(
      invalid(
        'status.completedIndexes',
        completedIndexes,
        'cannot set non-empty completedIndexes when non-indexed completion mode',
      ),
    )
  if (failedIndexes !== undefined && backoffLimitPerIndex === undefined)
    errors.push(
      invalid(
        'status.failedIndexes',
        failedIndexes,
        'cannot set non-null failedIndexes when backoffLimitPerIndex is null',
      ),
    )
  const common = firstCommonIndex(completed, failed)
  if (common !== undefined)
    errors.push(
      invalid(
        'status.failedIndexes',
        failedIndexes,
        `failedIndexes and completedIndexes overlap at index: ${common}`,
      ),
    )
  return errors
}

const FINAL = ['Failed', 'Complete', 'FailureTarget'] as const

function validateStatusUpdate({ spec, status = {} }: Job, old: JobStatus): FieldError[] {
  const field = 'status.conditions'
  const errors = FINAL.flatMap((type) =>
    isTrue(old, type) && !isTrue(status, type)
      ? [invalidAsWhole(field, `cannot disable the terminal ${type}=True condition`)]
      : [],
  )
  for (const key of ['failed', 'succeeded'] as const)
    if ((status[key] ?? 0) < (old[key] ?? 0))
      errors.push(invalid(`status.${key}`, status[key] ?? 0, `cannot decrease the ${key} counter`))
  const { completionTime } = status
  if (completionTime !== undefined && (old.completionTime ?? completionTime) !== completionTime)
    errors.push(
      invalid('status.completionTime', completionTime, 'completionTime cannot be mutated'),
    )
  if (old.startTime !== undefined && old.startTime !== status.startTime && spec.suspend !== true)
    errors.push(required('status.startTime', 'startTime cannot be removed for unsuspended job'))
  if (isTrue(old, 'SuccessCriteriaMet') && !isTrue(status, 'SuccessCriteriaMet'))
    errors.push(invalidAsWhole(field, 'cannot disable the SuccessCriteriaMet=True condition'))
  return errors
}
