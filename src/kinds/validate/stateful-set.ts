import type { FieldError } from '../definition.ts'
import type {
  StatefulSet,
  StatefulSetSpec,
  StatefulSetStatus,
  StatefulSetUpdateStrategy,
} from '../k8s/apps.ts'
import { isZeroIntOrPercent } from '../int-or-string.ts'
import { isEmptySelector, matchesLabelSelector } from '../label-selector.ts'
import { checkDnsLabel } from '../names.ts'
import { deepEqual } from './equal.ts'
import {
  forbidden,
  invalid,
  invalidEach,
  nonNegative,
  notSupported,
  required,
  labelsNotMatched,
} from './field-error.ts'
import { validateAtMostWhole, validateIntOrPercent } from './int-or-percent.ts'
import { validateLabelSelector } from './label-selector.ts'
import { validateEndless, validateTemplateMetadata } from './pod-template.ts'
import { validateCounts } from './status-counts.ts'

/** ValidateStatefulSet and its kin in k8s.io/kubernetes pkg/apis/apps/validation. */
export function validateStatefulSet(
  { metadata, spec, status }: StatefulSet,
  old: StatefulSet | undefined,
): FieldError[] {
  return [
    // Its pods are called after it, and a pod's name is its host's name.
    ...(old === undefined && metadata.name
      ? invalidEach('metadata.name', metadata.name, checkDnsLabel(metadata.name))
      : []),
    ...validateSpec(spec),
    ...(old === undefined ? [] : validateSpecUpdate(spec, old.spec)),
    ...validateStatus(status, old?.status),
  ]
}

/** Everything else stays as it was when the first pod was made. */
const CHANGEABLE = [
  'replicas',
  'ordinals',
  'template',
  'updateStrategy',
  'revisionHistoryLimit',
  'persistentVolumeClaimRetentionPolicy',
  'minReadySeconds',
] as const satisfies readonly (keyof StatefulSetSpec)[]

function validateSpecUpdate(spec: StatefulSetSpec, old: StatefulSetSpec): FieldError[] {
  const restored: StatefulSetSpec = { ...spec }
  for (const key of CHANGEABLE) Object.assign(restored, { [key]: old[key] })
  if (deepEqual(restored, old)) return []
  const names = CHANGEABLE.map((key) => `'${key}'`)
  const listed = `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`
  return [
    forbidden('spec', `updates to statefulset spec for fields other than ${listed} are forbidden`),
  ]
}

const MANAGEMENT_POLICIES = ['OrderedReady', 'Parallel']
const RETENTION_POLICIES = ['Retain', 'Delete']
const RETENTIONS = ['whenDeleted', 'whenScaled'] as const

function validateSpec(spec: StatefulSetSpec): FieldError[] {
  const { podManagementPolicy = '', persistentVolumeClaimRetentionPolicy } = spec
  const errors: FieldError[] = []
  if (!MANAGEMENT_POLICIES.includes(podManagementPolicy))
    errors.push(
      invalid(
        'spec.podManagementPolicy',
        podManagementPolicy,
        "must be 'OrderedReady' or 'Parallel'",
      ),
    )
  errors.push(...validateStrategy(spec.updateStrategy ?? {}, 'spec.updateStrategy'))
  for (const key of persistentVolumeClaimRetentionPolicy === undefined ? [] : RETENTIONS) {
    const policy = persistentVolumeClaimRetentionPolicy?.[key]
    if (policy === undefined || !RETENTION_POLICIES.includes(policy))
      errors.push(
        notSupported(
          `spec.persistentVolumeClaimRetentionPolicy.${key}`,
          policy ?? '',
          RETENTION_POLICIES,
        ),
      )
  }
  return [
    ...errors,
    ...nonNegative('spec.replicas', spec.replicas),
    ...nonNegative('spec.minReadySeconds', spec.minReadySeconds),
    ...nonNegative('spec.ordinals.start', spec.ordinals?.start),
    ...validatePods(spec),
  ]
}

function validatePods({ selector, template }: StatefulSetSpec): FieldError[] {
  const errors: FieldError[] = []
  if (selector === undefined) errors.push(required('spec.selector'))
  else {
    errors.push(...validateLabelSelector(selector, 'spec.selector'))
    const canMatch = errors.length === 0
    if (canMatch && isEmptySelector(selector))
      errors.push(invalid('spec.selector', selector, 'empty selector is invalid for statefulset'))
    if (canMatch && !matchesLabelSelector(selector, template.metadata?.labels))
      errors.push(labelsNotMatched('spec.template.metadata.labels', template.metadata?.labels))
  }
  // Kubernetes leaves the pod itself to be judged when it is made: its volumes come from the claims.
  return [
    ...errors,
    ...validateTemplateMetadata(template, 'spec.template'),
    ...validateEndless(template, 'spec.template', 'StatefulSet'),
  ]
}

function validateStrategy(strategy: StatefulSetUpdateStrategy, field: string): FieldError[] {
  const { type, rollingUpdate } = strategy
  if (type !== 'OnDelete' && type !== 'RollingUpdate')
    return [invalid(field, strategy, "must be 'RollingUpdate' or 'OnDelete'")]
  if (rollingUpdate === undefined) return []
  const at = `${field}.rollingUpdate`
  if (type === 'OnDelete')
    return [invalid(at, rollingUpdate, "only allowed for updateStrategy 'RollingUpdate'")]
  const errors = nonNegative(`${at}.partition`, rollingUpdate.partition)
  const { maxUnavailable } = rollingUpdate
  if (maxUnavailable === undefined) return errors
  errors.push(...validateIntOrPercent(`${at}.maxUnavailable`, maxUnavailable))
  if (isZeroIntOrPercent(maxUnavailable))
    errors.push(invalid(`${at}.maxUnavailable`, maxUnavailable, 'cannot be 0'))
  return [...errors, ...validateAtMostWhole(`${at}.maxUnavailable`, maxUnavailable)]
}

const COUNTS = [
  'replicas',
  'readyReplicas',
  'currentReplicas',
  'updatedReplicas',
  'availableReplicas',
  'observedGeneration',
  'collisionCount',
] as const

const PARTS = ['readyReplicas', 'currentReplicas', 'updatedReplicas', 'availableReplicas'] as const

function validateStatus(
  status: StatefulSetStatus | undefined,
  old: StatefulSetStatus | undefined,
): FieldError[] {
  if (status === undefined) return []
  const { replicas, readyReplicas = 0, availableReplicas = 0 } = status
  const errors = validateCounts(status, old, COUNTS)
  for (const key of PARTS)
    if ((status[key] ?? 0) > replicas)
      errors.push(invalid(`status.${key}`, status[key], 'cannot be greater than status.replicas'))
  if (availableReplicas > readyReplicas)
    errors.push(
      invalid(
        'status.availableReplicas',
        availableReplicas,
        'cannot be greater than status.readyReplicas',
      ),
    )
  return errors
}
