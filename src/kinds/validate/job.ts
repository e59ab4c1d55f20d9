import type { FieldError } from '../definition.ts'
import type { Job, JobSpec } from '../k8s/batch.ts'
import { CONTROLLER_UID, JOB_NAME, LEGACY_CONTROLLER_UID, LEGACY_JOB_NAME } from '../job-labels.ts'
import { matchesLabelSelector } from '../label-selector.ts'
import { checkDnsLabel } from '../names.ts'
import { invalid, nonNegative, notSupported, required, labelsNotMatched } from './field-error.ts'
import { validateCompletions } from './job-completions.ts'
import { validatePodFailurePolicy } from './job-failure-policy.ts'
import { validateSuccessPolicy } from './job-success-policy.ts'
import { validateJobStatus } from './job-status.ts'
import { validateJobUpdate } from './job-update.ts'
import { validateLabelSelector } from './label-selector.ts'
import { validateTemplate } from './pod-template.ts'

/** ValidateJob and its kin in k8s.io/kubernetes pkg/apis/batch/validation. */
export function validateJob(job: Job, old: Job | undefined): FieldError[] {
  const { metadata, spec } = job
  const { selector, template, completionMode, completions = 0 } = spec
  const errors = [
    ...(old === undefined ? validateGeneratedSelector(job) : []),
    ...validateJobPods(spec, 'spec'),
  ]
  if (selector === undefined) errors.push(required('spec.selector'))
  else {
    const wrong = validateLabelSelector(selector, 'spec.selector')
    errors.push(...wrong)
    if (wrong.length === 0 && !matchesLabelSelector(selector, template?.metadata?.labels))
      errors.push(labelsNotMatched('spec.template.metadata.labels', template?.metadata?.labels))
  }
  if (old === undefined && completionMode === 'Indexed' && completions > 0)
    errors.push(...validateHostNames(metadata.name, completions))
  if (old !== undefined) errors.push(...validateJobUpdate(job, old))
  return [...errors, ...validateJobStatus(job, old)]
}

/** A pod of an indexed job has its index in its host's name. */
function validateHostNames(name: string, completions: number): FieldError[] {
  const longest = `${name}-${completions - 1}`
  return checkDnsLabel(longest).length === 0
    ? []
    : [
        invalid(
          'metadata.name',
          name,
          `will not able to create pod with invalid DNS label: ${longest}`,
        ),
      ]
}

/** The labels that the server gives the template may have been there before, with other values. */
function validateGeneratedSelector({ metadata, spec }: Job): FieldError[] {
  const { selector, template, manualSelector } = spec
  if (manualSelector === true || selector === undefined) return []
  const { name, uid = '' } = metadata
  const expected = {
    [LEGACY_CONTROLLER_UID]: uid,
    [LEGACY_JOB_NAME]: name,
    [CONTROLLER_UID]: uid,
    [JOB_NAME]: name,
  }
  const labels = template?.metadata?.labels ?? {}
  const field = 'spec.template.metadata.labels'
  const errors = Object.entries(expected).flatMap(([key, value]) => {
    if (labels[key] === value) return []
    return labels[key] === undefined
      ? [required(`${field}[${key}]`, `must be '${value}'`)]
      : [invalid(`${field}[${key}]`, labels, `must be '${value}'`)]
  })
  if (validateLabelSelector(selector, '').length > 0 || matchesLabelSelector(selector, expected))
    return errors
  return [...errors, invalid('spec.selector', selector, '`selector` not auto-generated')]
}

const AMOUNTS = [
  'parallelism',
  'completions',
  'activeDeadlineSeconds',
  'backoffLimit',
  'ttlSecondsAfterFinished',
  'backoffLimitPerIndex',
  'maxFailedIndexes',
] as const

/** All that a job and the template of a cron job's jobs have in common. */
export function validateJobPods(spec: JobSpec, field: string): FieldError[] {
  const { template, podFailurePolicy, successPolicy } = spec
  return [
    ...AMOUNTS.flatMap((key) => nonNegative(`${field}.${key}`, spec[key])),
    ...validateManager(spec.managedBy, `${field}.managedBy`),
    ...validateCompletions(spec, field),
    ...(podFailurePolicy === undefined
      ? []
      : validatePodFailurePolicy(podFailurePolicy, spec, `${field}.podFailurePolicy`)),
    ...(successPolicy === undefined
      ? []
      : validateSuccessPolicy(successPolicy, spec, `${field}.successPolicy`)),
    ...validateReplacement(spec, `${field}.podReplacementPolicy`),
    ...validateTemplate(template, `${field}.template`),
    ...validateRestart(spec, `${field}.template.spec.restartPolicy`),
  ]
}

const MANAGER_LENGTH_MAX = 63

/** "example.com/controller": who acts on the job, when not its own controller. */
function validateManager(manager: string | undefined, field: string): FieldError[] {
  if (manager === undefined) return []
  const errors = /^[a-z0-9]([-a-z0-9.]*[a-z0-9])?\/.+$/.test(manager)
    ? []
    : [invalid(field, manager, 'must be a domain-prefixed path (such as "acme.io/foo")')]
  if (Buffer.byteLength(manager) > MANAGER_LENGTH_MAX)
    errors.push({
      field,
      reason: 'FieldValueTooLong',
      message: `Too long: may not be more than ${MANAGER_LENGTH_MAX} bytes`,
    })
  return errors
}

const REPLACEMENT_POLICIES = ['Failed', 'TerminatingOrFailed']

function validateReplacement(
  { podReplacementPolicy, podFailurePolicy }: JobSpec,
  field: string,
): FieldError[] {
  // Whether a pod failed is only known once it has ended.
  const supported = podFailurePolicy === undefined ? REPLACEMENT_POLICIES : ['Failed']
  if (podReplacementPolicy === undefined || supported.includes(podReplacementPolicy)) return []
  return [notSupported(field, podReplacementPolicy, supported)]
}

const RESTART_POLICIES = ['OnFailure', 'Never']

function validateRestart({ template, podFailurePolicy }: JobSpec, field: string): FieldError[] {
  const policy = template?.spec?.restartPolicy ?? ''
  // "Always" is what an unset policy became.
  if (policy === '' || policy === 'Always')
    return [
      required(field, `valid values: ${RESTART_POLICIES.map((one) => `"${one}"`).join(', ')}`),
    ]
  if (!RESTART_POLICIES.includes(policy)) return [notSupported(field, policy, RESTART_POLICIES)]
  return podFailurePolicy === undefined || policy === 'Never'
    ? []
    : [invalid(field, policy, 'only "Never" is supported when podFailurePolicy is specified')]
}
