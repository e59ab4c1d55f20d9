// The metrics that an autoscaler goes by.
import type { FieldError } from '../definition.ts'
import type {
  CrossVersionObjectReference,
  MetricIdentifier,
  MetricSpec,
  MetricTarget,
} from '../k8s/autoscaling.ts'
import { checkDnsLabel, checkPathSegment } from '../names.ts'
import { compareQuantities } from '../quantity.ts'
import { forbidden, invalid, invalidEach, notSupported, required } from './field-error.ts'

const SOURCES = {
  ContainerResource: 'containerResource',
  External: 'external',
  Object: 'object',
  Pods: 'pods',
  Resource: 'resource',
} as const
type SourceName = (typeof SOURCES)[keyof typeof SOURCES]

/** In the order in which the first one that is there is looked at. */
const ORDER: readonly SourceName[] = ['object', 'external', 'pods', 'resource', 'containerResource']
const TARGET_TYPES = ['Utilization', 'Value', 'AverageValue']

export function validateMetrics(
  metrics: readonly MetricSpec[],
  field: string,
  minReplicas: number | undefined,
): FieldError[] {
  const errors = metrics.flatMap((metric, index) => validateMetric(metric, `${field}[${index}]`))
  const seesOthers = metrics.some(({ type }) => type === 'Object' || type === 'External')
  if (minReplicas === 0 && !seesOthers)
    errors.push(
      forbidden(
        field,
        'must specify at least one Object or External metric to support scaling to zero replicas',
      ),
    )
  return errors
}

export function validateReference(
  reference: CrossVersionObjectReference | undefined,
  field: string,
): FieldError[] {
  return (['kind', 'name'] as const).flatMap((key) => {
    const value = reference?.[key]
    const at = `${field}.${key}`
    return value ? invalidEach(at, value, checkPathSegment(value)) : [required(at)]
  })
}

function validateMetric(metric: MetricSpec, field: string): FieldError[] {
  const { type } = metric
  const expected = Object.hasOwn(SOURCES, type ?? '')
    ? SOURCES[type as keyof typeof SOURCES]
    : undefined
  const errors: FieldError[] = []
  if (!type) errors.push(required(`${field}.type`, 'must specify a metric source type'))
  const unknown = notSupported(`${field}.type`, type ?? '', Object.keys(SOURCES))
  if (expected === undefined) errors.push(unknown)
  const present = ORDER.filter((name) => metric[name] !== undefined)
  const [first] = present
  if (first !== undefined) errors.push(...RULES[first](metric, `${field}.${first}`))
  if (expected === undefined) errors.push(unknown)
  else if (metric[expected] === undefined)
    errors.push(
      required(`${field}.${expected}`, 'must populate information for the given metric source'),
    )
  if (present.length === 1) return errors
  return [
    ...errors,
    ...present
      .filter((name) => name !== expected)
      .map((name) => forbidden(`${field}.${name}`, 'must populate the given metric source only')),
  ]
}

type Rules = Readonly<Record<SourceName, (metric: MetricSpec, field: string) => FieldError[]>>

const RULES: Rules = {
  object: ({ object }, field) => [
    ...validateReference(object?.describedObject, `${field}.describedObject`),
    ...validateIdentifier(object?.metric, `${field}.metric`),
    ...validateTarget(object?.target, `${field}.target`),
    ...(object?.target?.value === undefined && object?.target?.averageValue === undefined
      ? [required(`${field}.target.averageValue`, 'must set either a target value or averageValue')]
      : []),
  ],
  external({ external }, field) {
    const { value, averageValue } = external?.target ?? {}
    const errors = [
      ...validateIdentifier(external?.metric, `${field}.metric`),
      ...validateTarget(external?.target, `${field}.target`),
    ]
    if (value === undefined && averageValue === undefined)
      errors.push(
        required(
          `${field}.target.averageValue`,
          'must set either a target value for metric or a per-pod target',
        ),
      )
    if (value !== undefined && averageValue !== undefined)
      errors.push(
        forbidden(
          `${field}.target.value`,
          'may not set both a target value for metric and a per-pod target',
        ),
      )
    return errors
  },
  pods: ({ pods }, field) => [
    ...validateIdentifier(pods?.metric, `${field}.metric`),
    ...validateTarget(pods?.target, `${field}.target`),
    ...(pods?.target?.averageValue === undefined
      ? [required(`${field}.target.averageValue`, 'must specify a positive target averageValue')]
      : []),
  ],
  resource: ({ resource }, field) => validateResource(resource, field),
  containerResource({ containerResource }, field) {
    const container = containerResource?.container
    return [
      ...validateResource(containerResource, field),
      ...(container
        ? invalidEach(`${field}.container`, container, checkDnsLabel(container))
        : [required(`${field}.container`, 'must specify a container')]),
    ]
  },
}

function validateResource(
  source: { name: string; target: MetricTarget } | undefined,
  field: string,
): FieldError[] {
  const { averageUtilization, averageValue } = source?.target ?? {}
  const errors: FieldError[] = []
  if (!source?.name) errors.push(required(`${field}.name`, 'must specify a resource name'))
  errors.push(...validateTarget(source?.target, `${field}.target`))
  if (averageUtilization === undefined && averageValue === undefined)
    errors.push(
      required(
        `${field}.target.averageUtilization`,
        'must set either a target raw value or a target utilization',
      ),
    )
  if (averageUtilization !== undefined && averageValue !== undefined)
    errors.push(
      forbidden(
        `${field}.target.averageValue`,
        'may not set both a target raw value and a target utilization',
      ),
    )
  return errors
}

function validateIdentifier(metric: MetricIdentifier | undefined, field: string): FieldError[] {
  const at = `${field}.name`
  return metric?.name
    ? invalidEach(at, metric.name, checkPathSegment(metric.name))
    : [required(at, 'must specify a metric name')]
}

function validateTarget(target: MetricTarget | undefined, field: string): FieldError[] {
  const { type = '', averageUtilization } = target ?? {}
  const errors: FieldError[] = []
  if (type === '') errors.push(required(`${field}.type`, 'must specify a metric target type'))
  if (!TARGET_TYPES.includes(type))
    errors.push(
      invalid(`${field}.type`, type, 'must be either Utilization, Value, or AverageValue'),
    )
  for (const key of ['value', 'averageValue'] as const) {
    const amount = target?.[key]
    if (amount !== undefined && compareQuantities(amount, 0) <= 0)
      errors.push(invalid(`${field}.${key}`, String(amount), 'must be positive'))
  }
  if (averageUtilization !== undefined && averageUtilization < 1)
    errors.push(
      invalid(`${field}.averageUtilization`, averageUtilization, 'must be greater than 0'),
    )
  return errors
}
