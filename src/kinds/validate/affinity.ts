// Where a pod wants to run: node selectors, affinity to pods, spread over domains.
import type { FieldError } from '../definition.ts'
import type {
  Affinity,
  NodeSelectorRequirement,
  NodeSelectorTerm,
  PodAffinity,
  PodAffinityTerm,
  TopologySpreadConstraint,
  VolumeNodeAffinity,
} from '../k8s/core.ts'
import type { LabelSelector } from '../k8s/meta.ts'
import { checkDnsLabel, checkDnsSubdomain, checkQualifiedName } from '../names.ts'
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

const NAME_FIELD = 'metadata.name'

function validateNodeField(
  { key, operator, values = [] }: NodeSelectorRequirement,
  field: string,
): FieldError[] {
  const errors: FieldError[] = []
  if (operator !== 'In' && operator !== 'NotIn')
    errors.push(invalid(`${field}.operator`, operator, 'not a valid selector operator'))
  else if (values.length !== 1)
    errors.push(
      required(
        `${field}.values`,
        "must be only one value when `operator` is 'In' or 'NotIn' for node field selector",
      ),
    )
  if (key !== NAME_FIELD)
    return [...errors, invalid(`${field}.key`, key, 'not a valid field selector key')]
  return [
    ...errors,
    ...values.flatMap((value, index) =>
      invalidEach(`${field}.values[${index}]`, value, checkDnsSubdomain(value)),
    ),
  ]
}

function validateNodeTerm(term: NodeSelectorTerm, field: string): FieldError[] {
  return [
    ...(term.matchExpressions ?? []).flatMap((requirement, index) =>
      validateNodeRequirement(requirement, `${field}.matchExpressions[${index}]`),
    ),
    ...(term.matchFields ?? []).flatMap((requirement, index) =>
      validateNodeField(requirement, `${field}.matchFields[${index}]`),
    ),
  ]
}

const REQUIRED = 'requiredDuringSchedulingIgnoredDuringExecution'
const PREFERRED = 'preferredDuringSchedulingIgnoredDuringExecution'

function validateLabelKeys(
  keys: readonly string[],
  selector: LabelSelector | undefined,
  field: string,
): FieldError[] {
  if (keys.length === 0) return []
  if (selector === undefined)
    return [forbidden(field, 'must not be specified when labelSelector is not set')]
  return keys.flatMap((key, index) =>
    invalidEach(`${field}[${index}]`, key, checkQualifiedName(key)),
  )
}

/** A selector that speaks of a key itself, beside the requirement that the key list makes. */
function validateSelectedTwice(
  keys: readonly string[],
  selector: LabelSelector | undefined,
  field: string,
): FieldError[] {
  const seen = new Set(Object.keys(selector?.matchLabels ?? {}))
  return (selector?.matchExpressions ?? []).flatMap(({ key }) => {
    const isTwice = keys.includes(key) && seen.has(key)
    seen.add(key)
    if (!isTwice) return []
    const at = `${field}[${keys.indexOf(key)}]`
    return [invalid(at, key, 'exists in both matchLabelKeys and labelSelector')]
  })
}

function validatePodTerm(term: PodAffinityTerm, field: string): FieldError[] {
  const { labelSelector, namespaceSelector, topologyKey } = term
  const { matchLabelKeys = [], mismatchLabelKeys = [], namespaces = [] } = term
  const selectors = { labelSelector, namespaceSelector }
  return [
    ...Object.entries(selectors).flatMap(([name, selector]) =>
      selector === undefined ? [] : validateLabelSelector(selector, `${field}.${name}`),
    ),
    ...namespaces.flatMap((name) => invalidEach(`${field}.namespace`, name, checkDnsLabel(name))),
    ...validateLabelKeys(matchLabelKeys, labelSelector, `${field}.matchLabelKeys`),
    ...validateLabelKeys(mismatchLabelKeys, labelSelector, `${field}.mismatchLabelKeys`),
    ...validateSelectedTwice([...matchLabelKeys, ...mismatchLabelKeys], labelSelector, field),
    ...matchLabelKeys.flatMap((key, index) =>
      mismatchLabelKeys.includes(key)
        ? [
            invalid(
              `${field}.matchLabelKeys[${index}]`,
              key,
              'exists in both matchLabelKeys and mismatchLabelKeys',
            ),
          ]
        : [],
    ),
    ...(topologyKey
      ? invalidEach(`${field}.topologyKey`, topologyKey, checkQualifiedName(topologyKey))
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

/** Nodes that can reach a volume. */
export function validateVolumeNodeAffinity(
  { required: selector }: VolumeNodeAffinity,
  field: string,
): FieldError[] {
  if (selector === undefined)
    return [required(`${field}.required`, 'must specify required node constraints')]
  const at = `${field}.required.nodeSelectorTerms`
  const terms = selector.nodeSelectorTerms ?? []
  if (terms.length === 0) return [required(at, 'must have at least one node selector term')]
  return terms.flatMap((term, index) => validateNodeTerm(term, `${at}[${index}]`))
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

const NODE_POLICIES = ['Honor', 'Ignore']

export function validateSpreadConstraints(
  constraints: readonly TopologySpreadConstraint[],
  field: string,
): FieldError[] {
  const seen = new Set<string>()
  return constraints.flatMap((constraint, index) => {
    const at = `${field}[${index}]`
    const { maxSkew, topologyKey, whenUnsatisfiable, labelSelector } = constraint
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
    errors.push(...validateMinDomains(constraint, `${at}.minDomains`))
    for (const policy of ['nodeAffinityPolicy', 'nodeTaintsPolicy'] as const)
      errors.push(...oneOf(`${at}.${policy}`, constraint[policy], NODE_POLICIES))
    const keys = constraint.matchLabelKeys ?? []
    errors.push(
      ...validateLabelKeys(keys, labelSelector, `${at}.matchLabelKeys`),
      ...validateSelectedTwice(keys, labelSelector, `${at}.matchLabelKeys`),
    )
    if (labelSelector !== undefined)
      errors.push(...validateLabelSelector(labelSelector, `${at}.labelSelector`))
    return errors
  })
}

function validateMinDomains(
  { minDomains, whenUnsatisfiable }: TopologySpreadConstraint,
  field: string,
): FieldError[] {
  if (minDomains === undefined) return []
  const errors: FieldError[] = []
  if (minDomains <= 0) errors.push(invalid(field, minDomains, 'must be greater than zero'))
  if (whenUnsatisfiable !== 'DoNotSchedule')
    errors.push(
      invalid(
        field,
        minDomains,
        `can only use minDomains if whenUnsatisfiable=DoNotSchedule, not ${whenUnsatisfiable}`,
      ),
    )
  return errors
}
