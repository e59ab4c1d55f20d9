import type { ReplicationController } from './k8s/core.ts'
import type { FieldError } from './definition.ts'
import { ageColumn, column, labelsCell, nameColumn, workloadColumns } from './columns.ts'
import { defaultPodTemplate } from './defaults/pod-spec.ts'
import { defineKind } from './define-kind.ts'
import { matchesLabelMap } from './label-selector.ts'
import { prepareStatus } from './prepare.ts'
import { replicationControllers } from './refs.ts'
import { invalid, nonNegative, required } from './validate/field-error.ts'
import {
  validateEndless,
  validateTemplate as validateAnyTemplate,
} from './validate/pod-template.ts'
import { podNameWarnings } from './warnings/pod-name.ts'
import { templateWarnings } from './warnings/pod-spec.ts'

export type { ReplicationController } from './k8s/core.ts'

const isEmpty = (labels: Record<string, string> | undefined): boolean =>
  Object.keys(labels ?? {}).length === 0

/** A selector that is left out, and labels too, are those of the template. */
function defaultLabels(controller: ReplicationController): void {
  const labels = controller.spec.template?.metadata?.labels
  if (labels === undefined) return
  if (isEmpty(controller.spec.selector)) controller.spec.selector = { ...labels }
  if (isEmpty(controller.metadata.labels)) controller.metadata.labels = { ...labels }
}

function validateTemplate({
  selector = {},
  template,
}: ReplicationController['spec']): FieldError[] {
  const field = 'spec.template'
  if (template === undefined) return [required(field)]
  const labels = template.metadata?.labels
  const mismatch = matchesLabelMap(selector, labels)
    ? []
    : [
        invalid(
          `${field}.metadata.labels`,
          labels ?? null,
          '`selector` does not match template `labels`',
        ),
      ]
  return [
    ...mismatch,
    ...validateAnyTemplate(template, field),
    ...validateEndless(template, field, 'ReplicationController'),
  ]
}

export const replicationControllerKind = defineKind<ReplicationController>({
  ref: replicationControllers,
  schema: 'io.k8s.api.core.v1.ReplicationController',
  shortNames: ['rc'],
  categories: ['all'],
  subresources: ['status', 'scale'],
  hasGeneration: true,
  leavesDependents: {},
  defaults(controller) {
    const spec = (controller.spec ??= {})
    defaultLabels(controller)
    spec.replicas ??= 1
    if (spec.template !== undefined) defaultPodTemplate(spec.template)
  },
  warnings: (object, old) => [
    ...(old === undefined ? podNameWarnings(object) : []),
    ...templateWarnings(object, old, object.spec.template),
  ],
  validate: ({ spec }) => [
    ...nonNegative('spec.minReadySeconds', spec.minReadySeconds),
    ...(isEmpty(spec.selector) ? [required('spec.selector')] : []),
    ...nonNegative('spec.replicas', spec.replicas),
    ...validateTemplate(spec),
  ],
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
    ...workloadColumns<ReplicationController>(
      ({ spec }) => spec.template ?? {},
      ({ spec }) => labelsCell(spec.selector),
    ),
  ],
  fields: { 'status.replicas': ({ status }) => String(status?.replicas ?? 0) },
})
