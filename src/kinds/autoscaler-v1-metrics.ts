// Metrics and behavior in the annotations of autoscaling/v1, which have names of their own.
import type {
  HorizontalPodAutoscalerBehavior,
  HPAScalingRules,
  MetricSpec,
  MetricStatus,
} from './k8s/autoscaling.ts'

type Fields = Record<string, unknown>
/** "Resource" with what is known of it under "resource". */
export type MetricV1 = { type: string } & Record<string, unknown>

/** "target.averageValue" of autoscaling/v2 is "targetAverageValue" in the annotation, and so on. */
type Names = readonly (readonly [v2: string, v1: string])[]

const SPEC_NAMES: Readonly<Record<string, Names>> = {
  resource: [
    ['name', 'name'],
    ['target.averageUtilization', 'targetAverageUtilization'],
    ['target.averageValue', 'targetAverageValue'],
  ],
  containerResource: [
    ['name', 'name'],
    ['target.averageUtilization', 'targetAverageUtilization'],
    ['target.averageValue', 'targetAverageValue'],
    ['container', 'container'],
  ],
  pods: [
    ['metric.name', 'metricName'],
    ['target.averageValue', 'targetAverageValue'],
    ['metric.selector', 'selector'],
  ],
  object: [
    ['describedObject', 'target'],
    ['metric.name', 'metricName'],
    ['target.value', 'targetValue'],
    ['metric.selector', 'selector'],
    ['target.averageValue', 'averageValue'],
  ],
  external: [
    ['metric.name', 'metricName'],
    ['metric.selector', 'metricSelector'],
    ['target.value', 'targetValue'],
    ['target.averageValue', 'targetAverageValue'],
  ],
}

const STATUS_NAMES: Readonly<Record<string, Names>> = {
  resource: [
    ['name', 'name'],
    ['current.averageUtilization', 'currentAverageUtilization'],
    ['current.averageValue', 'currentAverageValue'],
  ],
  containerResource: [
    ['name', 'name'],
    ['current.averageUtilization', 'currentAverageUtilization'],
    ['current.averageValue', 'currentAverageValue'],
    ['container', 'container'],
  ],
  pods: [
    ['metric.name', 'metricName'],
    ['current.averageValue', 'currentAverageValue'],
    ['metric.selector', 'selector'],
  ],
  object: [
    ['describedObject', 'target'],
    ['metric.name', 'metricName'],
    ['current.value', 'currentValue'],
    ['metric.selector', 'selector'],
    ['current.averageValue', 'averageValue'],
  ],
  external: [
    ['metric.name', 'metricName'],
    ['metric.selector', 'metricSelector'],
    ['current.value', 'currentValue'],
    ['current.averageValue', 'currentAverageValue'],
  ],
}

const isFields = (value: unknown): value is Fields => typeof value === 'object' && value !== null

function readPath(source: Fields, path: string): unknown {
  let at: unknown = source
  for (const key of path.split('.')) at = isFields(at) ? at[key] : undefined
  return at
}

function writePath(target: Fields, path: string, value: unknown): void {
  if (value === undefined || value === null) return
  const keys = path.split('.')
  const last = keys.pop()!
  let at = target
  for (const key of keys) at = (at[key] ??= {}) as Fields
  at[last] = value
}

function renamed(
  metric: Fields,
  table: Readonly<Record<string, Names>>,
  [from, to]: readonly [0 | 1, 0 | 1],
): MetricV1 {
  const result: MetricV1 = { type: String(metric['type']) }
  for (const [kind, names] of Object.entries(table)) {
    const source = metric[kind]
    if (!isFields(source)) continue
    const fields: Fields = {}
    for (const name of names) writePath(fields, name[to], readPath(source, name[from]))
    result[kind] = fields
  }
  return result
}

export const metricToV1 = (metric: MetricSpec): MetricV1 =>
  renamed(metric as unknown as Fields, SPEC_NAMES, [0, 1])

export const statusToV1 = (status: MetricStatus): MetricV1 =>
  renamed(status as unknown as Fields, STATUS_NAMES, [0, 1])

export const statusFromV1 = (status: MetricV1): MetricStatus =>
  renamed(status, STATUS_NAMES, [1, 0]) as unknown as MetricStatus

/** The kind of target follows from what is given. */
function targetType(target: Fields): string {
  if (target['averageUtilization'] !== undefined) return 'Utilization'
  return target['averageValue'] === undefined ? 'Value' : 'AverageValue'
}

export function metricFromV1(metric: MetricV1): MetricSpec {
  const result = renamed(metric, SPEC_NAMES, [1, 0])
  for (const kind of Object.keys(SPEC_NAMES)) {
    const source = result[kind]
    if (!isFields(source)) continue
    const target = isFields(source['target']) ? source['target'] : {}
    source['target'] = { ...target, type: targetType(target) }
  }
  return result as unknown as MetricSpec
}

const RULE_KEYS = ['stabilizationWindowSeconds', 'selectPolicy', 'policies', 'tolerance'] as const
const POLICY_KEYS = ['type', 'value', 'periodSeconds'] as const

const inGo = (key: string): string => key.charAt(0).toUpperCase() + key.slice(1)

const withGoNames = (source: object, keys: readonly string[]): Fields =>
  Object.fromEntries(keys.map((key) => [inGo(key), (source as Fields)[key] ?? null]))

function rulesToV1(rules: HPAScalingRules | undefined): Fields | null {
  if (rules === undefined) return null
  const policies = rules.policies?.map((policy) => withGoNames(policy, POLICY_KEYS))
  return withGoNames({ ...rules, policies }, RULE_KEYS)
}

/** Written with the names of Kubernetes' own fields, as that writes it. */
export const behaviorToV1 = ({ scaleUp, scaleDown }: HorizontalPodAutoscalerBehavior): Fields => ({
  ScaleUp: rulesToV1(scaleUp),
  ScaleDown: rulesToV1(scaleDown),
})

/** Go reads names in any case. */
function withOwnNames(source: Fields, keys: readonly string[]): Fields {
  const byName = new Map(Object.entries(source).map(([key, value]) => [key.toLowerCase(), value]))
  const result: Fields = {}
  for (const key of keys) writePath(result, key, byName.get(key.toLowerCase()))
  return result
}

function rulesFromV1(rules: unknown): HPAScalingRules | undefined {
  if (!isFields(rules)) return undefined
  const result = withOwnNames(rules, RULE_KEYS)
  const { policies } = result
  if (Array.isArray(policies))
    result['policies'] = policies
      .filter(isFields)
      .map((policy) => withOwnNames(policy, POLICY_KEYS))
  return result as HPAScalingRules
}

export function behaviorFromV1(behavior: Fields): HorizontalPodAutoscalerBehavior {
  const { scaleUp, scaleDown } = withOwnNames(behavior, ['scaleUp', 'scaleDown'])
  const [up, down] = [rulesFromV1(scaleUp), rulesFromV1(scaleDown)]
  return {
    ...(up === undefined ? {} : { scaleUp: up }),
    ...(down === undefined ? {} : { scaleDown: down }),
  }
}
