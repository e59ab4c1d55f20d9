import type { Job, JobSpec } from './k8s/batch.ts'
import { humanDuration } from './age.ts'
import { ageColumn, column, nameColumn, workloadColumns } from './columns.ts'
import { defaultPodTemplate } from './defaults/pod-spec.ts'
import { defineKind, fillSpec } from './define-kind.ts'
import { selectorCell } from './label-selector.ts'
import { isConditionTrue } from './meta.ts'
import { prepareStatus } from './prepare.ts'
import { jobs } from './refs.ts'
import { CONTROLLER_UID, JOB_NAME, LEGACY_CONTROLLER_UID, LEGACY_JOB_NAME } from './job-labels.ts'
import { jobSpecWarnings } from './warnings/job.ts'
import { podNameWarnings } from './warnings/pod-name.ts'
import { templateWarnings } from './warnings/pod-spec.ts'
import { validateJob } from './validate/job.ts'

export type { Job } from './k8s/batch.ts'

const BACKOFF_LIMIT = 6
const INT32_MAX = 2 ** 31 - 1

function defaultSpec(spec: JobSpec): void {
  if (spec.completions === undefined && spec.parallelism === undefined) spec.completions = 1
  spec.parallelism ??= 1
  // Where each index has a limit of its own, they are not counted together.
  spec.backoffLimit ??= spec.backoffLimitPerIndex === undefined ? BACKOFF_LIMIT : INT32_MAX
  spec.completionMode ||= 'NonIndexed'
  spec.suspend ??= false
  spec.manualSelector ??= false
  spec.podReplacementPolicy ||=
    spec.podFailurePolicy === undefined ? 'TerminatingOrFailed' : 'Failed'
  for (const policy of [spec.podFailurePolicy, spec.successPolicy])
    if (policy !== undefined) policy.rules ??= []
  for (const { onExitCodes, onPodConditions } of spec.podFailurePolicy?.rules ?? []) {
    if (onExitCodes !== undefined) onExitCodes.values ??= []
    for (const pattern of onPodConditions ?? []) pattern.status ||= 'True'
  }
  spec.template ??= {}
  defaultPodTemplate(spec.template)
}

/** Pods of the same template belong to one job each: by its uid, unless the user chose a selector. */
function generateSelector({ metadata, spec }: Job): void {
  const uid = metadata.uid ?? ''
  const labels = ((spec.template.metadata ??= {}).labels ??= {})
  labels[JOB_NAME] ??= metadata.name
  labels[LEGACY_JOB_NAME] ??= metadata.name
  labels[CONTROLLER_UID] ??= uid
  labels[LEGACY_CONTROLLER_UID] ??= uid
  // Validation refuses a selector that was given beside the generated one.
  const selector = (spec.selector ??= {})
  ;(selector.matchLabels ??= {})[CONTROLLER_UID] ??= uid
}

/** A job without labels gets those of its pods. */
function labelAsTemplate({ metadata, spec }: Job): void {
  const labels = spec.template.metadata?.labels
  if (Object.keys(metadata.labels ?? {}).length === 0 && labels !== undefined)
    metadata.labels = { ...labels }
}

const statusRules = prepareStatus<Job>({ initial: () => ({}) })

/** In the order in which they decide. */
const STATES = ['Complete', 'Failed', 'Suspended', 'FailureTarget', 'SuccessCriteriaMet'] as const

function statusCell({ metadata, status }: Job): string {
  const state = STATES.find((type) => isConditionTrue(status?.conditions, type))
  if (state === 'Complete' || state === 'Failed') return state
  return metadata.deletionTimestamp === undefined ? (state ?? 'Running') : 'Terminating'
}

function completionsCell({ spec, status }: Job): string {
  const { completions, parallelism = 0 } = spec
  const succeeded = status?.succeeded ?? 0
  if (completions !== undefined) return `${succeeded}/${completions}`
  return parallelism > 1 ? `${succeeded}/1 of ${parallelism}` : `${succeeded}/1`
}

function durationCell({ status }: Job, now: number): string {
  if (status?.startTime === undefined) return ''
  const end = status.completionTime === undefined ? now : Date.parse(status.completionTime)
  return humanDuration(end - Date.parse(status.startTime))
}

export const jobKind = defineKind<Job>({
  ref: jobs,
  schema: 'io.k8s.api.batch.v1.Job',
  categories: ['all'],
  subresources: ['status'],
  hasGeneration: true,
  leavesDependents: {
    warning:
      'child pods are preserved by default when jobs are deleted; set propagationPolicy=Background to remove them or set propagationPolicy=Orphan to suppress this warning',
  },
  warnings: (job, old) => [
    ...(old === undefined ? podNameWarnings(job) : []),
    ...templateWarnings(job, old, job.spec.template),
    ...jobSpecWarnings(job.spec, 'spec.template'),
  ],
  defaults(job) {
    defaultSpec(fillSpec(job))
    labelAsTemplate(job)
  },
  validate: validateJob,
  prepare(job, old, subresource) {
    statusRules(job, old, subresource)
    if (old !== undefined) return
    if (job.spec.manualSelector !== true) generateSelector(job)
    labelAsTemplate(job)
  },
  columns: [
    nameColumn,
    column('Status', 'State of the job in a word.', statusCell),
    column('Completions', 'Pods that succeeded of those needed.', completionsCell),
    column('Duration', 'How long it has been running, or took.', durationCell),
    ageColumn,
    ...workloadColumns<Job>(
      ({ spec }) => spec.template,
      ({ spec }) => selectorCell(spec.selector),
    ),
  ],
  fields: { 'status.successful': ({ status }) => String(status?.succeeded ?? 0) },
})
