// ValidateHorizontalPodAutoscaler and its kin in k8s.io/kubernetes pkg/apis/autoscaling/validation.
import type { FieldError } from '../definition.ts'
import type {
  HorizontalPodAutoscaler,
  HorizontalPodAutoscalerSpec,
  HPAScalingPolicy,
  HPAScalingRules,
} from '../k8s/autoscaling.ts'
import { compareQuantities } from '../quantity.ts'
import { validateMetrics, validateReference } from './autoscaler-metrics.ts'
import { invalid, nonNegative, notSupported, required } from './field-error.ts'

const WINDOW_SECONDS_MAX = 3600
const PERIOD_SECONDS_MAX = 1800
const SELECT_POLICIES = ['Disabled', 'Max', 'Min']
const POLICY_TYPES = ['Percent', 'Pods']

export function validateAutoscaler(
  { spec, status }: HorizontalPodAutoscaler,
  old: HorizontalPodAutoscaler | undefined,
): FieldError[] {
  // One that was scaled to nothing while that was allowed may stay so.
  const lowest = old?.spec.minReplicas === 0 ? 0 : 1
  return [
    ...validateSpec(spec, lowest),
    ...nonNegative('status.currentReplicas', status?.currentReplicas),
    ...nonNegative('status.desiredReplicas', status?.desiredReplicas),
  ]
}

function validateSpec(spec: HorizontalPodAutoscalerSpec, lowest: number): FieldError[] {
  const { minReplicas, maxReplicas, scaleTargetRef, metrics = [], behavior } = spec
  const errors: FieldError[] = []
  if (minReplicas !== undefined && minReplicas < lowest)
    errors.push(
      invalid('spec.minReplicas', minReplicas, `must be greater than or equal to ${lowest}`),
    )
  if (maxReplicas < 1)
    errors.push(invalid('spec.maxReplicas', maxReplicas, 'must be greater than 0'))
  if (minReplicas !== undefined && maxReplicas < minReplicas)
    errors.push(
      invalid('spec.maxReplicas', maxReplicas, 'must be greater than or equal to `minReplicas`'),
    )
  return [
    ...errors,
    ...validateReference(scaleTargetRef, 'spec.scaleTargetRef'),
    ...validateMetrics(metrics, 'spec.metrics', minReplicas),
    ...validateRules(behavior?.scaleUp, 'spec.behavior.scaleUp'),
    ...validateRules(behavior?.scaleDown, 'spec.behavior.scaleDown'),
  ]
}

function validateRules(rules: HPAScalingRules | undefined, field: string): FieldError[] {
  if (rules === undefined) return []
  const { stabilizationWindowSeconds: window = 0, selectPolicy, policies = [], tolerance } = rules
  const errors: FieldError[] = []
  const at = `${field}.stabilizationWindowSeconds`
  if (window < 0) errors.push(invalid(at, window, 'must be greater than or equal to zero'))
  if (window > WINDOW_SECONDS_MAX)
    errors.push(invalid(at, window, `must be less than or equal to ${WINDOW_SECONDS_MAX}`))
  if (selectPolicy !== undefined && !SELECT_POLICIES.includes(selectPolicy))
    errors.push(notSupported(`${field}.selectPolicy`, selectPolicy, SELECT_POLICIES))
  if (policies.length === 0)
    errors.push(required(`${field}.policies`, 'must specify at least one Policy'))
  for (const [index, policy] of policies.entries())
    errors.push(...validatePolicy(policy, `${field}.policies[${index}]`))
  if (tolerance !== undefined && compareQuantities(tolerance, 0) < 0)
    errors.push(
      invalid(`${field}.tolerance`, String(tolerance), 'must be greater than or equal to 0'),
    )
  return errors
}

function validatePolicy(
  { type, value, periodSeconds }: HPAScalingPolicy,
  field: string,
): FieldError[] {
  const errors: FieldError[] = []
  if (!POLICY_TYPES.includes(type))
    errors.push(notSupported(`${field}.type`, type ?? '', POLICY_TYPES))
  if (value <= 0) errors.push(invalid(`${field}.value`, value, 'must be greater than zero'))
  const at = `${field}.periodSeconds`
  if (periodSeconds <= 0) errors.push(invalid(at, periodSeconds, 'must be greater than zero'))
  if (periodSeconds > PERIOD_SECONDS_MAX)
    errors.push(invalid(at, periodSeconds, `must be less than or equal to ${PERIOD_SECONDS_MAX}`))
  return errors
}
