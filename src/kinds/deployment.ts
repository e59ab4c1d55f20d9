import type { Deployment, DeploymentSpec, DeploymentStrategy } from './k8s/apps.ts'
import type { FieldError } from './definition.ts'
import { ageColumn, column, nameColumn, workloadColumns } from './columns.ts'
import { defaultPodTemplate } from './defaults/pod-spec.ts'
import { defineKind } from './define-kind.ts'
import { isZeroIntOrPercent } from './int-or-string.ts'
import { selectorCell } from './label-selector.ts'
import { prepareStatus } from './prepare.ts'
import { deployments } from './refs.ts'
import { forbidden, invalid, nonNegative, notSupported, required } from './validate/field-error.ts'
import { validateAtMostWhole, validateIntOrPercent } from './validate/int-or-percent.ts'
import { validateImmutableSelector, validateSelectorAndTemplate } from './validate/pod-template.ts'
import { podNameWarnings } from './warnings/pod-name.ts'
import { templateWarnings } from './warnings/pod-spec.ts'

export type { Deployment } from './k8s/apps.ts'

const DEFAULT_SHARE = '25%'

export const deploymentKind = defineKind<Deployment>({
  ref: deployments,
  schema: 'io.k8s.api.apps.v1.Deployment',
  shortNames: ['deploy'],
  categories: ['all'],
  subresources: ['status', 'scale'],
  hasGeneration: true,
  defaults({ spec }) {
    if (spec === undefined) return
    spec.replicas ??= 1
    spec.strategy ??= {}
    spec.strategy.type ||= 'RollingUpdate'
    if (spec.strategy.type === 'RollingUpdate') {
      const rolling = (spec.strategy.rollingUpdate ??= {})
      rolling.maxUnavailable ??= DEFAULT_SHARE
      rolling.maxSurge ??= DEFAULT_SHARE
    }
    spec.revisionHistoryLimit ??= 10
    spec.progressDeadlineSeconds ??= 600
    if (spec.template !== undefined) defaultPodTemplate(spec.template)
  },
  warnings: (object, old) => [
    ...(old === undefined ? podNameWarnings(object) : []),
    ...templateWarnings(object, old, object.spec.template),
  ],
  validate: ({ spec }, old) => [
    ...(spec === undefined ? [required('spec')] : validateSpec(spec)),
    ...(old === undefined ? [] : validateImmutableSelector(spec?.selector, old.spec.selector)),
  ],
  prepare: prepareStatus({ initial: () => ({}), keepsLabels: true }),
  columns: [
    nameColumn,
    column(
      'Ready',
      'Ready pods of those wanted.',
      ({ spec, status }) => `${status?.readyReplicas ?? 0}/${spec.replicas ?? 0}`,
    ),
    column(
      'Up-to-date',
      'Pods of the newest template.',
      ({ status }) => status?.updatedReplicas ?? 0,
    ),
    column(
      'Available',
      'Pods that have been ready for long enough.',
      ({ status }) => status?.availableReplicas ?? 0,
    ),
    ageColumn,
    ...workloadColumns<Deployment>(
      ({ spec }) => spec.template,
      ({ spec }) => selectorCell(spec.selector),
    ),
  ],
})

function validateSpec(spec: DeploymentSpec): FieldError[] {
  const { selector, template, minReadySeconds = 0, progressDeadlineSeconds } = spec
  const errors = [
    ...nonNegative('spec.replicas', spec.replicas),
    ...validateSelectorAndTemplate({ selector, template, kind: 'deployment' }),
    ...validateStrategy(spec.strategy ?? {}, 'spec.strategy'),
    ...nonNegative('spec.minReadySeconds', minReadySeconds),
    ...nonNegative('spec.revisionHistoryLimit', spec.revisionHistoryLimit),
    ...nonNegative('spec.progressDeadlineSeconds', progressDeadlineSeconds),
  ]
  if (progressDeadlineSeconds !== undefined && progressDeadlineSeconds <= minReadySeconds)
    errors.push(
      invalid(
        'spec.progressDeadlineSeconds',
        progressDeadlineSeconds,
        'must be greater than minReadySeconds',
      ),
    )
  return errors
}

function validateStrategy(
  { type, rollingUpdate }: DeploymentStrategy,
  field: string,
): FieldError[] {
  if (type === 'Recreate')
    return rollingUpdate === undefined
      ? []
      : [
          forbidden(
            `${field}.rollingUpdate`,
            "may not be specified when strategy `type` is 'Recreate'",
          ),
        ]
  if (type !== 'RollingUpdate')
    return [notSupported(`${field}.type`, type, ['Recreate', 'RollingUpdate'])]
  const { maxUnavailable = DEFAULT_SHARE, maxSurge = DEFAULT_SHARE } = rollingUpdate ?? {}
  const at = `${field}.rollingUpdate`
  const errors = [
    ...validateIntOrPercent(`${at}.maxUnavailable`, maxUnavailable),
    ...validateIntOrPercent(`${at}.maxSurge`, maxSurge),
  ]
  if (isZeroIntOrPercent(maxUnavailable) && isZeroIntOrPercent(maxSurge))
    errors.push(
      invalid(`${at}.maxUnavailable`, maxUnavailable, 'may not be 0 when `maxSurge` is 0'),
    )
  return [...errors, ...validateAtMostWhole(`${at}.maxUnavailable`, maxUnavailable)]
}
