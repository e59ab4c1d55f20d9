import type { HorizontalPodAutoscaler } from './k8s/autoscaling.ts'
import { autoscalerV1Form } from './autoscaler-v1.ts'
import { ageColumn, column, nameColumn } from './columns.ts'
import { defaultAutoscaler } from './defaults/autoscaler.ts'
import { defineKind, fillSpec } from './define-kind.ts'
import { metricsCell } from './autoscaler-metrics.ts'
import { prepareStatus } from './prepare.ts'
import { horizontalPodAutoscalers } from './refs.ts'
import { validateAutoscaler } from './validate/autoscaler.ts'

export type { HorizontalPodAutoscaler } from './k8s/autoscaling.ts'

export const horizontalPodAutoscalerKind = defineKind<HorizontalPodAutoscaler>({
  ref: horizontalPodAutoscalers,
  schema: 'io.k8s.api.autoscaling.v2.HorizontalPodAutoscaler',
  shortNames: ['hpa'],
  categories: ['all'],
  subresources: ['status'],
  defaults(autoscaler) {
    fillSpec(autoscaler)
    defaultAutoscaler(autoscaler)
  },
  validate: validateAutoscaler,
  // Kubernetes shows the metrics always: null when there are none.
  prepare: prepareStatus({ initial: () => ({ desiredReplicas: 0, currentMetrics: null }) }),
  alsoServedAs: [autoscalerV1Form],
  columns: [
    nameColumn,
    column(
      'Reference',
      'What is scaled.',
      ({ spec: { scaleTargetRef } }) => `${scaleTargetRef.kind}/${scaleTargetRef.name}`,
    ),
    column('Targets', 'Each metric as it is, and as it is to be.', metricsCell),
    column('MinPods', 'How many pods there are at least.', ({ spec }) =>
      String(spec.minReplicas ?? '<unset>'),
    ),
    column('MaxPods', 'How many pods there are at most.', ({ spec }) => spec.maxReplicas),
    column('Replicas', 'How many pods there are.', ({ status }) => status?.currentReplicas ?? 0),
    ageColumn,
  ],
})
