import type { ReplicaSet } from './k8s/apps.ts'
import { ageColumn, column, nameColumn, workloadColumns } from './columns.ts'
import { defaultPodTemplate } from './defaults/pod-spec.ts'
import { defineKind } from './define-kind.ts'
import { selectorCell } from './label-selector.ts'
import { prepareStatus } from './prepare.ts'
import { replicaSets } from './refs.ts'
import { nonNegative, required } from './validate/field-error.ts'
import { validateImmutableSelector, validateSelectorAndTemplate } from './validate/pod-template.ts'
import { podNameWarnings } from './warnings/pod-name.ts'
import { templateWarnings } from './warnings/pod-spec.ts'

export type { ReplicaSet } from './k8s/apps.ts'

export const replicaSetKind = defineKind<ReplicaSet>({
  ref: replicaSets,
  schema: 'io.k8s.api.apps.v1.ReplicaSet',
  shortNames: ['rs'],
  categories: ['all'],
  subresources: ['status', 'scale'],
  hasGeneration: true,
  defaults({ spec }) {
    if (spec === undefined) return
    spec.replicas ??= 1
    if (spec.template !== undefined) defaultPodTemplate(spec.template)
  },
  warnings: (object, old) => [
    ...(old === undefined ? podNameWarnings(object) : []),
    ...templateWarnings(object, old, object.spec.template),
  ],
  validate({ spec }, old) {
    if (spec === undefined) return [required('spec')]
    const { selector, template } = spec
    return [
      ...nonNegative('spec.replicas', spec.replicas),
      ...nonNegative('spec.minReadySeconds', spec.minReadySeconds),
      ...validateSelectorAndTemplate({ selector, template, kind: 'replicaset' }),
      ...(old === undefined ? [] : validateImmutableSelector(selector, old.spec.selector)),
    ]
  },
  prepare: prepareStatus({ initial: () => ({ replicas: 0 }) }),
  columns: [
    nameColumn,
    column('Desired', 'How many pods are wanted.', ({ spec }) => spec.replicas ?? 0, 'integer'),
    column('Current', 'How many pods there are.', ({ status }) => status?.replicas ?? 0, 'integer'),
    column(
      'Ready',
      'How many pods are ready.',
      ({ status }) => status?.readyReplicas ?? 0,
      'integer',
    ),
    ageColumn,
    ...workloadColumns<ReplicaSet>(
      ({ spec }) => spec.template ?? {},
      ({ spec }) => selectorCell(spec.selector),
    ),
  ],
  fields: { 'status.replicas': ({ status }) => String(status?.replicas ?? 0) },
})
