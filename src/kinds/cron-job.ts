import type { CronJob } from './k8s/batch.ts'
import { ageOf } from './age.ts'
import { ageColumn, column, nameColumn, workloadColumns } from './columns.ts'
import { defaultPodTemplate } from './defaults/pod-spec.ts'
import { defineKind, fillSpec } from './define-kind.ts'
import { selectorCell } from './label-selector.ts'
import { prepareStatus } from './prepare.ts'
import { cronJobs } from './refs.ts'
import { jobSpecWarnings } from './warnings/job.ts'
import { podNameWarnings } from './warnings/pod-name.ts'
import { templateWarnings } from './warnings/pod-spec.ts'
import { validateCronJob } from './validate/cron-job.ts'

export type { CronJob } from './k8s/batch.ts'

const SUSPENDED: Readonly<Record<string, string>> = { true: 'True', false: 'False' }

export const cronJobKind = defineKind<CronJob>({
  ref: cronJobs,
  schema: 'io.k8s.api.batch.v1.CronJob',
  shortNames: ['cj'],
  categories: ['all'],
  subresources: ['status'],
  hasGeneration: true,
  warnings: (job, old) => [
    ...(old === undefined ? podNameWarnings(job) : []),
    ...templateWarnings(
      job,
      old,
      job.spec.jobTemplate.spec?.template,
      'spec.jobTemplate.spec.template',
    ),
    ...jobSpecWarnings(job.spec.jobTemplate.spec!, 'spec.jobTemplate.spec'),
    ...(job.spec.schedule.includes('TZ')
      ? ['cannot use TZ or CRON_TZ in spec.schedule, use timeZone field instead']
      : []),
  ],
  defaults(job) {
    const spec = fillSpec(job)
    spec.concurrencyPolicy ||= 'Allow'
    spec.suspend ??= false
    spec.successfulJobsHistoryLimit ??= 3
    spec.failedJobsHistoryLimit ??= 1
    spec.jobTemplate ??= {}
    spec.jobTemplate.metadata ??= {}
    // What its jobs leave unset is filled in when they are made.
    const jobSpec = fillSpec(spec.jobTemplate)
    jobSpec.template ??= {}
    defaultPodTemplate(jobSpec.template)
  },
  validate: validateCronJob,
  prepare: prepareStatus({ initial: () => ({}) }),
  columns: [
    nameColumn,
    column('Schedule', 'When jobs are made, as cron writes it.', ({ spec }) => spec.schedule),
    column('Timezone', 'Whose clock the schedule means.', ({ spec }) => spec.timeZone ?? '<none>'),
    column(
      'Suspend',
      'Whether no more jobs are made.',
      ({ spec }) => SUSPENDED[String(spec.suspend)] ?? '<unset>',
      'boolean',
    ),
    column(
      'Active',
      'How many of its jobs are running.',
      ({ status }) => status?.active?.length ?? 0,
      'integer',
    ),
    column('Last Schedule', 'When the last job was due.', ({ status }, now) =>
      status?.lastScheduleTime === undefined ? '<none>' : ageOf(status.lastScheduleTime, now),
    ),
    ageColumn,
    ...workloadColumns<CronJob>(
      ({ spec }) => spec.jobTemplate.spec?.template ?? {},
      ({ spec }) => selectorCell(spec.jobTemplate.spec?.selector),
    ),
  ],
})
