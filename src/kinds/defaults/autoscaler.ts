import type {
  HorizontalPodAutoscaler,
  HPAScalingRules,
  MetricTarget,
  MetricValueStatus,
} from '../k8s/autoscaling.ts'
import { canonicalQuantity } from '../quantity.ts'

const CPU_UTILIZATION = 80

const PERIOD_SECONDS = 15
const scaleUpRules = (): HPAScalingRules => ({
  stabilizationWindowSeconds: 0,
  selectPolicy: 'Max',
  policies: [
    { type: 'Pods', value: 4, periodSeconds: PERIOD_SECONDS },
    { type: 'Percent', value: 100, periodSeconds: PERIOD_SECONDS },
  ],
})
/** How long is waited before fewer pods run is the controller's to say. */
const scaleDownRules = (): HPAScalingRules => ({
  selectPolicy: 'Max',
  policies: [{ type: 'Percent', value: 100, periodSeconds: PERIOD_SECONDS }],
})

export function defaultAutoscaler({ spec, status }: HorizontalPodAutoscaler): void {
  if (status !== undefined) {
    status.desiredReplicas ??= 0
    // Kubernetes shows the metrics always: null when there are none.
    ;(status as { currentMetrics?: unknown }).currentMetrics ??= null
    for (const metric of status.currentMetrics ?? [])
      for (const [, source] of Object.entries(metric))
        if (isSource(source)) canonicalize(source.current)
  }
  spec.minReplicas ??= 1
  spec.maxReplicas ??= 0
  if (!spec.metrics?.length)
    spec.metrics = [
      {
        type: 'Resource',
        resource: {
          name: 'cpu',
          target: { type: 'Utilization', averageUtilization: CPU_UTILIZATION },
        },
      },
    ]
  for (const metric of spec.metrics)
    for (const [, source] of Object.entries(metric))
      if (isSource(source)) canonicalize(source.target)
  if (spec.behavior === undefined) return
  spec.behavior.scaleUp = withRules(spec.behavior.scaleUp, scaleUpRules())
  spec.behavior.scaleDown = withRules(spec.behavior.scaleDown, scaleDownRules())
}

type Source = { target?: MetricTarget; current?: MetricValueStatus }

const isSource = (value: unknown): value is Source => typeof value === 'object' && value !== null

function canonicalize(amounts: MetricTarget | MetricValueStatus | undefined): void {
  for (const key of ['value', 'averageValue'] as const) {
    const amount = amounts?.[key]
    if (amount !== undefined) amounts![key] = canonicalQuantity(amount)
  }
}

function withRules(given: HPAScalingRules | undefined, rules: HPAScalingRules): HPAScalingRules {
  const { tolerance, ...rest } = given ?? {}
  for (const policy of rest.policies ?? []) {
    policy.value ??= 0
    policy.periodSeconds ??= 0
  }
  const set = Object.entries(rest).filter(([, value]) => value !== undefined && value !== null)
  return {
    ...rules,
    ...Object.fromEntries(set),
    ...(tolerance === undefined ? {} : { tolerance: canonicalQuantity(tolerance) }),
  }
}
