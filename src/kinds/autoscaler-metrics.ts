// The metrics of an autoscaler in a cell of a table: "cpu: 20%/80%, 3/5 (avg) + 1 more...".
import type { HorizontalPodAutoscaler, MetricSpec, MetricStatus } from './k8s/autoscaling.ts'

const SHOWN_MAX = 2
const UNKNOWN = '<unknown>'

export function metricsCell({ spec, status }: HorizontalPodAutoscaler): string {
  const { metrics = [] } = spec
  if (metrics.length === 0) return '<none>'
  const all = metrics.map((metric, index) => metricText(metric, status?.currentMetrics?.[index]))
  const text = all.slice(0, SHOWN_MAX).join(', ')
  return all.length > SHOWN_MAX ? `${text} + ${all.length - SHOWN_MAX} more...` : text
}

function metricText(metric: MetricSpec, status: MetricStatus | undefined): string {
  switch (metric.type) {
    case 'External':
      return amountText(metric.external?.target, status?.external?.current)
    case 'Object':
      return amountText(metric.object?.target, status?.object?.current)
    case 'Pods': {
      const current = status?.pods?.current.averageValue ?? UNKNOWN
      return `${current}/${metric.pods?.target.averageValue ?? ''}`
    }
    case 'Resource':
      return resourceText(metric.resource, status?.resource)
    case 'ContainerResource':
      return resourceText(metric.containerResource, status?.containerResource)
    default:
      return '<unknown type>'
  }
}

type Target = NonNullable<MetricSpec['external']>['target']
type Current = NonNullable<MetricStatus['external']>['current']

function amountText(target: Target | undefined, current: Current | undefined): string {
  if (target?.averageValue !== undefined)
    return `${current?.averageValue ?? UNKNOWN}/${target.averageValue} (avg)`
  return `${current?.value ?? UNKNOWN}/${target?.value ?? ''}`
}

function resourceText(
  metric: { name: string; target: Target } | undefined,
  status: { current: Current } | undefined,
): string {
  const { name = '', target } = metric ?? {}
  if (target?.averageValue !== undefined)
    return `${name}: ${status?.current.averageValue ?? UNKNOWN}/${target.averageValue}`
  const now = status?.current.averageUtilization
  const wanted = target?.averageUtilization
  return `${name}: ${now === undefined ? UNKNOWN : `${now}%`}/${wanted === undefined ? '<auto>' : `${wanted}%`}`
}
