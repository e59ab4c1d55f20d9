import type { FieldError } from '../definition.ts'
import type { CronJob, CronJobSpec, JobTemplateSpec } from '../k8s/batch.ts'
import { parseSchedule, ScheduleError } from '../cron-schedule.ts'
import { invalid, nonNegative, notSupported, required } from './field-error.ts'
import { validateJobPods } from './job.ts'

/** A job's name has a time behind the name of its cron job, and is a label itself. */
const NAME_LENGTH_MAX = 52
const CONCURRENCY_POLICIES = ['Allow', 'Forbid', 'Replace']

/** ValidateCronJobCreate and its kin in k8s.io/kubernetes pkg/apis/batch/validation. */
export function validateCronJob(
  { metadata, spec }: CronJob,
  old: CronJob | undefined,
): FieldError[] {
  const errors = validateSpec(spec, old?.spec)
  const { name } = metadata
  if (old === undefined && (name ?? '').length > NAME_LENGTH_MAX)
    errors.push(
      invalid('metadata.name', name, `must be no more than ${NAME_LENGTH_MAX} characters`),
    )
  return errors
}

function validateSpec(spec: CronJobSpec, old: CronJobSpec | undefined): FieldError[] {
  const { schedule, timeZone, concurrencyPolicy = '' } = spec
  const errors = schedule ? validateSchedule(spec, old) : [required('spec.schedule')]
  errors.push(...nonNegative('spec.startingDeadlineSeconds', spec.startingDeadlineSeconds))
  if (timeZone !== undefined && timeZone !== old?.timeZone)
    errors.push(...validateTimeZone(timeZone, 'spec.timeZone'))
  if (!CONCURRENCY_POLICIES.includes(concurrencyPolicy))
    errors.push(notSupported('spec.concurrencyPolicy', concurrencyPolicy, CONCURRENCY_POLICIES))
  return [
    ...errors,
    ...validateJobTemplate(spec.jobTemplate, 'spec.jobTemplate.spec'),
    ...nonNegative('spec.successfulJobsHistoryLimit', spec.successfulJobsHistoryLimit),
    ...nonNegative('spec.failedJobsHistoryLimit', spec.failedJobsHistoryLimit),
  ]
}

function validateSchedule(
  { schedule, timeZone }: CronJobSpec,
  old: CronJobSpec | undefined,
): FieldError[] {
  const field = 'spec.schedule'
  const errors: FieldError[] = []
  try {
    parseSchedule(schedule)
  } catch (error) {
    if (!(error instanceof ScheduleError)) throw error
    errors.push(invalid(field, schedule, error.message))
  }
  if (!schedule.includes('TZ')) return errors
  // Cron jobs that had a zone in their schedule before that was refused keep it.
  if (old?.schedule.includes('TZ') !== true)
    errors.push(
      invalid(field, schedule, 'cannot use TZ or CRON_TZ in schedule, use timeZone field instead'),
    )
  else if (timeZone !== undefined)
    errors.push(
      invalid(field, schedule, 'cannot use both timeZone field and TZ or CRON_TZ in schedule'),
    )
  return errors
}

const ZONE_PART = /^[A-Za-z._0-9+][A-Za-z.\-_0-9+]{0,13}$/

function validateTimeZone(zone: string, field: string): FieldError[] {
  if (zone === '') return [invalid(field, zone, 'timeZone must be nil or non-empty string')]
  const unknown = invalid(field, zone, `unknown time zone ${zone}`)
  const isWellFormed = zone
    .split('/')
    .every((part) => part !== '.' && part !== '..' && ZONE_PART.test(part))
  if (!isWellFormed) return [unknown]
  if (zone.toLowerCase() === 'local')
    return [
      invalid(
        field,
        zone,
        'timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones',
      ),
    ]
  return isTimeZone(zone) ? [] : [unknown]
}

function isTimeZone(timeZone: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone })
    return true
  } catch (error) {
    if (error instanceof RangeError) return false
    throw error
  }
}

function validateJobTemplate({ spec }: JobTemplateSpec, field: string): FieldError[] {
  const errors = validateJobPods(spec ?? { template: {} }, field)
  if (spec?.selector !== undefined)
    errors.push(invalid(`${field}.selector`, spec.selector, '`selector` will be auto-generated'))
  if (spec?.manualSelector === true)
    errors.push(notSupported(`${field}.manualSelector`, true, ['nil', 'false']))
  return errors
}
