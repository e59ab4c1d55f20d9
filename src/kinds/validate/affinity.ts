// Where a pod wants to run: node selectors, affinity to pods, spread over domains.
import type { FieldError } from '../definition.ts'
import type {
  Affinity,
  NodeSelectorRequirement,
  NodeSelectorTerm,
  PodAffinity,
  PodAffinityTerm,
  TopologySpreadConstraint,
} from '../k8s/core.ts'
import { checkQualifiedName } from '../names.ts'
import {
  duplicate,
  forbidden,
  invalid,
  invalidEach,
  notSupported,
  oneOf,
  required,
} from './field-error.ts'
import { validateLabelSelector } from './label-selector.ts'

const WEIGHT_MAX = 100
const NODE_OPERATORS = ['In', 'NotIn', 'Exists', 'DoesNotExist', 'Gt', 'Lt']

function validateWeight(weight: number, field: string): FieldError[] {
  if (weight >= 1 && weight <= WEIGHT_MAX) return []
  return [invalid(`${field}.weight`, weight, 'must be in the range 1-100')]
}

function validateNodeRequirement(
  { key, operator, values = [] }: NodeSelectorRequirement,
  field: string,
): FieldError[] {
  const errors: FieldError[] = []
  const at = `${field}.values`
  if (operator === 'In' || operator === 'NotIn') {
    if (values.length === 0)
      errors.push(required(at, "must be specified when `operator` is 'In' or 'NotIn'"))
  } else if (operator === 'Exists' || operator === 'DoesNotExist') {
    if (values.length > 0)
      errors.push(
        forbidden(at, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"),
      )
  } else if (operator === 'Gt' || operator === 'Lt') {
    if (values.length !== 1)
      errors.push(required(at, "must be specified single value when `operator` is 'Lt' or 'Gt'"))
  } else errors.push(notSupported(`${field}.operator`, operator, NODE_OPERATORS))
  return [...errors, ...invalidEach(`${field}.key`, key, checkQualifiedName(key))]
}

function validateNodeTerm(term: NodeSelectorTerm, field: string): FieldError[] {
  return (term.matchExpressions ?? []).flatMap((requirement, index) =>
    validateNodeRequirement(requirement, `${field}.matchExpressions[${index}]`),
  )
}

const REQUIRED = 'requiredDuringSchedulingIgnoredDuringExecution'
const PREFERRED = 'preferredDuringSchedulingIgnoredDuringExecution'

function validatePodTerm(term: PodAffinityTerm, field: string): FieldError[] {
  return [
    ...(term.labelSelector === undefined
      ? []
      : validateLabelSelector(term.labelSelector, `${field}.labelSelector`)),
    ...(term.topologyKey
      ? invalidEach(`${field}.topologyKey`, term.topologyKey, checkQualifiedName(term.topologyKey))
      : [required(`${field}.topologyKey`, 'can not be empty')]),
  ]
}

function validatePodAffinity(affinity: PodAffinity | undefined, field: string): FieldError[] {
  return [
    ...(affinity?.[REQUIRED] ?? []).flatMap((term, index) =>
      validatePodTerm(term, `${field}.${REQUIRED}[${index}]`),
    ),
    ...(affinity?.[PREFERRED] ?? []).flatMap(({ weight, podAffinityTerm }, index) => {
      const at = `${field}.${PREFERRED}[${index}]`
      return [
        ...validateWeight(weight, at),
        ...validatePodTerm(podAffinityTerm, `${at}.podAffinityTerm`),
      ]
    }),
  ]
}

export function validateAffinity(
  { nodeAffinity, podAffinity, podAntiAffinity }: Affinity,
  field: string,
): FieldError[] {
  const at = `${field}.nodeAffinity`
  const terms = nodeAffinity?.[REQUIRED]?.nodeSelectorTerms
  const errors: FieldError[] = []
  if (nodeAffinity?.[REQUIRED] !== undefined && !terms?.length)
    errors.push(
      required(`${at}.${REQUIRED}.nodeSelectorTerms`, 'must have at least one node selector term'),
    )
  for (const [index, term] of (terms ?? []).entries())
    errors.push(...validateNodeTerm(term, `${at}.${REQUIRED}.nodeSelectorTerms[${index}]`))
  for (const [index, term] of (nodeAffinity?.[PREFERRED] ?? []).entries())
    errors.push(
      ...validateWeight(term.weight, `${at}.${PREFERRED}[${index}]`),
      ...validateNodeTerm(term.preference, `${at}.${PREFERRED}[${index}].preference`),
    )
  return [
    ...errors,
    ...validatePodAffinity(podAffinity, `${field}.podAffinity`),
    ...validatePodAffinity(podAntiAffinity, `${field}.podAntiAffinity`),
  ]
}

export function validateSpreadConstraints(
  constraints: readonly TopologySpreadConstraint[],
  field: string,
): FieldError[] {
  const seen = new Set<string>()
  return constraints.flatMap((constraint, index) => {
    const at = `${field}[${index}]`
    const { maxSkew, topologyKey, whenUnsatisfiable, minDomains, labelSelector } = constraint
    const errors: FieldError[] = []
    if (maxSkew <= 0) errors.push(invalid(`${at}.maxSkew`, maxSkew, 'must be greater than zero'))
    if (!topologyKey) errors.push(required(`${at}.topologyKey`, 'can not be empty'))
    else
      errors.push(...invalidEach(`${at}.topologyKey`, topologyKey, checkQualifiedName(topologyKey)))
    errors.push(
      ...oneOf(`${at}.whenUnsatisfiable`, whenUnsatisfiable, ['DoNotSchedule', 'ScheduleAnyway']),
    )
    const pair = `{${topologyKey}, ${whenUnsatisfiable}}`
    if (seen.has(pair)) errors.push(duplicate(`${at}.{topologyKey, whenUnsatisfiable}`, pair))
    seen.add(pair)
    if (minDomains !== undefined && minDomains <= 0)
      errors.push(invalid(`${at}.minDomains`, minDomains, 'must be greater than zero'))
    if (labelSelector !== undefined)
      errors.push(...validateLabelSelector(labelSelector, `${at}.labelSelector`))
    return errors
  })
}
