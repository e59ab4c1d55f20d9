import type { FieldError } from '../definition.ts'
import type { DaemonSet, DaemonSetSpec, DaemonSetUpdateStrategy } from '../k8s/apps.ts'
import { isZeroIntOrPercent } from '../int-or-string.ts'
import { invalid, nonNegative, notSupported, required } from './field-error.ts'
import { validateAtMostWhole, validateIntOrPercent } from './int-or-percent.ts'
import { validateImmutableSelector, validateSelectorAndTemplate } from './pod-template.ts'
import { validateCounts } from './status-counts.ts'

/** ValidateDaemonSet and its kin in k8s.io/kubernetes pkg/apis/apps/validation. */
export function validateDaemonSet(
  { spec, status }: DaemonSet,
  old: DaemonSet | undefined,
): FieldError[] {
  return [
    ...validateSpec(spec),
    ...(old === undefined ? [] : validateImmutableSelector(spec.selector, old.spec.selector)),
    ...validateCounts(status, old?.status, COUNTS),
  ]
}

const COUNTS = [
  'currentNumberScheduled',
  'numberMisscheduled',
  'desiredNumberScheduled',
  'numberReady',
  'observedGeneration',
  'updatedNumberScheduled',
  'numberAvailable',
  'numberUnavailable',
  'collisionCount',
] as const

function validateSpec(spec: DaemonSetSpec): FieldError[] {
  const { selector, template } = spec
  return [
    ...validateSelectorAndTemplate({ selector, template, kind: 'daemonset', owner: 'DaemonSet' }),
    ...nonNegative('spec.minReadySeconds', spec.minReadySeconds),
    ...validateStrategy(spec.updateStrategy ?? {}, 'spec.updateStrategy'),
    ...nonNegative('spec.revisionHistoryLimit', spec.revisionHistoryLimit),
  ]
}

function validateStrategy(strategy: DaemonSetUpdateStrategy, field: string): FieldError[] {
  if (strategy.type === 'OnDelete') return []
  if (strategy.type !== 'RollingUpdate')
    return [notSupported(field, strategy, ['RollingUpdate', 'OnDelete'])]
  if (strategy.rollingUpdate === undefined) return [required(`${field}.rollingUpdate`)]
  const { maxUnavailable = 1, maxSurge = 0 } = strategy.rollingUpdate
  const at = `${field}.rollingUpdate`
  const errors = [
    ...validateIntOrPercent(`${at}.maxUnavailable`, maxUnavailable),
    ...validateIntOrPercent(`${at}.maxSurge`, maxSurge),
    ...validateAtMostWhole(`${at}.maxUnavailable`, maxUnavailable),
    ...validateAtMostWhole(`${at}.maxSurge`, maxSurge),
  ]
  const [noneAway, noneMore] = [isZeroIntOrPercent(maxUnavailable), isZeroIntOrPercent(maxSurge)]
  if (!noneAway && !noneMore)
    errors.push(
      invalid(`${at}.maxSurge`, maxSurge, 'may not be set when maxUnavailable is non-zero'),
    )
  if (noneAway && noneMore)
    errors.push(required(`${at}.maxUnavailable`, 'cannot be 0 when maxSurge is 0'))
  return errors
}
