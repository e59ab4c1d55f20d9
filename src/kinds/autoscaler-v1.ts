// An autoscaler as autoscaling/v1 shows it: the use of CPU in a field, everything else in annotations
// (k8s.io/kubernetes pkg/apis/autoscaling/v1/conversion.go).
import type { ServedForm } from './definition.ts'
import type {
  HorizontalPodAutoscaler,
  HorizontalPodAutoscalerCondition,
  MetricSpec,
  MetricStatus,
} from './k8s/autoscaling.ts'
import type { HorizontalPodAutoscaler as AutoscalerV1 } from './k8s/autoscaling-v1.ts'
import type { KubeObject } from './object.ts'
import type { MetricV1 } from './autoscaler-v1-metrics.ts'
import {
  behaviorFromV1,
  behaviorToV1,
  metricFromV1,
  metricToV1,
  statusFromV1,
  statusToV1,
} from './autoscaler-v1-metrics.ts'
import { horizontalPodAutoscalersV1 } from './refs.ts'

const PREFIX = 'autoscaling.alpha.kubernetes.io'
const METRICS = `${PREFIX}/metrics`
const CURRENT_METRICS = `${PREFIX}/current-metrics`
const CONDITIONS = `${PREFIX}/conditions`
const BEHAVIOR = `${PREFIX}/behavior`
const ANNOTATIONS = [METRICS, CURRENT_METRICS, CONDITIONS, BEHAVIOR]

type Annotations = Record<string, string>

const isCpuTarget = ({ type, resource }: MetricSpec): boolean =>
  type === 'Resource' &&
  resource?.name === 'cpu' &&
  resource.target.averageUtilization !== undefined

function shown({ metadata, spec, status }: HorizontalPodAutoscaler): AutoscalerV1 {
  const metrics = spec.metrics ?? []
  const annotations = { ...metadata.annotations, ...writtenOut({ spec, status }) }
  const cpu = metrics.find(isCpuTarget)?.resource?.target.averageUtilization
  return {
    apiVersion: 'autoscaling/v1',
    kind: 'HorizontalPodAutoscaler',
    metadata: { ...metadata, ...(Object.keys(annotations).length === 0 ? {} : { annotations }) },
    spec: {
      scaleTargetRef: spec.scaleTargetRef,
      minReplicas: spec.minReplicas,
      maxReplicas: spec.maxReplicas,
      ...(cpu === undefined ? {} : { targetCPUUtilizationPercentage: cpu }),
    },
    ...(status === undefined ? {} : { status: shownStatus(status) }),
  }
}

function writtenOut({
  spec,
  status,
}: Pick<HorizontalPodAutoscaler, 'spec' | 'status'>): Annotations {
  const others = (spec.metrics ?? []).filter((metric) => !isCpuTarget(metric))
  const current = status?.currentMetrics ?? []
  const conditions = status?.conditions ?? []
  const json = (key: string, value: unknown): Annotations => ({ [key]: JSON.stringify(value) })
  return {
    ...(others.length > 0 ? json(METRICS, others.map(metricToV1)) : {}),
    ...(spec.behavior === undefined ? {} : json(BEHAVIOR, behaviorToV1(spec.behavior))),
    ...(current.length > 0 ? json(CURRENT_METRICS, current.map(statusToV1)) : {}),
    ...(conditions.length > 0 ? json(CONDITIONS, conditions) : {}),
  }
}

type Status = NonNullable<HorizontalPodAutoscaler['status']>

function shownStatus(status: Status): NonNullable<AutoscalerV1['status']> {
  const cpu = status.currentMetrics?.find(
    ({ type, resource }) => type === 'Resource' && resource?.name === 'cpu',
  )?.resource?.current.averageUtilization
  const { observedGeneration, lastScaleTime, currentReplicas = 0, desiredReplicas } = status
  return {
    ...(observedGeneration === undefined ? {} : { observedGeneration }),
    ...(lastScaleTime === undefined ? {} : { lastScaleTime }),
    currentReplicas,
    desiredReplicas,
    ...(cpu === undefined ? {} : { currentCPUUtilizationPercentage: cpu }),
  }
}

/** Clients may write the annotations: a text that cannot be read is as if it were not there. */
function read<T>(annotations: Annotations | undefined, key: string): T | undefined {
  const text = annotations?.[key]
  if (text === undefined) return undefined
  try {
    return JSON.parse(text) as T
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

const readList = <T>(annotations: Annotations | undefined, key: string): T[] | undefined => {
  const list = read<unknown>(annotations, key)
  return Array.isArray(list) ? (list as T[]) : undefined
}

function stored({ metadata, spec, status }: AutoscalerV1): HorizontalPodAutoscaler {
  const { annotations, ...rest } = metadata
  const kept = Object.entries(annotations ?? {}).filter(([key]) => !ANNOTATIONS.includes(key))
  const { targetCPUUtilizationPercentage: cpu, ...others } = spec ?? {}
  const metrics: MetricSpec[] = (readList<MetricV1>(annotations, METRICS) ?? []).map(metricFromV1)
  if (cpu !== undefined)
    metrics.push({
      type: 'Resource',
      resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: cpu } },
    })
  const behavior = read<Record<string, unknown>>(annotations, BEHAVIOR)
  return {
    apiVersion: 'autoscaling/v2',
    kind: 'HorizontalPodAutoscaler',
    metadata: { ...rest, ...(kept.length === 0 ? {} : { annotations: Object.fromEntries(kept) }) },
    spec: {
      ...others,
      ...(metrics.length === 0 ? {} : { metrics }),
      ...(behavior === undefined ? {} : { behavior: behaviorFromV1(behavior) }),
    } as HorizontalPodAutoscaler['spec'],
    ...(status === undefined ? {} : { status: storedStatus(status, annotations) }),
  }
}

function storedStatus(
  status: NonNullable<AutoscalerV1['status']>,
  annotations: Annotations | undefined,
): Status {
  const { currentCPUUtilizationPercentage: cpu, ...rest } = status
  const listed = readList<MetricV1>(annotations, CURRENT_METRICS)?.map(statusFromV1)
  const conditions = readList<HorizontalPodAutoscalerCondition>(annotations, CONDITIONS)
  const own: MetricStatus[] | undefined =
    cpu === undefined
      ? undefined
      : [{ type: 'Resource', resource: { name: 'cpu', current: { averageUtilization: cpu } } }]
  const currentMetrics = listed ?? own
  return {
    ...rest,
    ...(currentMetrics === undefined ? {} : { currentMetrics }),
    ...(conditions === undefined ? {} : { conditions }),
  }
}

export const autoscalerV1Form: ServedForm<HorizontalPodAutoscaler> = {
  ref: horizontalPodAutoscalersV1,
  schema: 'io.k8s.api.autoscaling.v1.HorizontalPodAutoscaler',
  fromStored: (object) => shown(object),
  toStored: (object) => stored(object as KubeObject as AutoscalerV1),
}
