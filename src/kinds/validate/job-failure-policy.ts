// Rules of a job for pods that failed.
import type { FieldError } from '../definition.ts'
import type {
  JobSpec,
  PodFailurePolicy,
  PodFailurePolicyOnExitCodesRequirement,
  PodFailurePolicyOnPodConditionsPattern,
  PodFailurePolicyRule,
} from '../k8s/batch.ts'
import { checkQualifiedName } from '../names.ts'
import {
  duplicate,
  invalid,
  invalidAsWhole,
  invalidEach,
  notSupported,
  required,
  tooMany,
} from './field-error.ts'

const RULES_MAX = 20
const EXIT_CODES_MAX = 255
const CONDITIONS_MAX = 20
const ACTIONS = ['Count', 'FailIndex', 'FailJob', 'Ignore']
const OPERATORS = ['In', 'NotIn']
const STATUSES = ['False', 'True', 'Unknown']

/** A value that must be there and be one of a list. */
function chosen(field: string, value: string | undefined, choices: readonly string[]) {
  if (value) return choices.includes(value) ? [] : [notSupported(field, value, choices)]
  const listed = choices.map((choice) => JSON.stringify(choice)).join(' ')
  return [required(field, `valid values: [${listed}]`)]
}

export function validatePodFailurePolicy(
  { rules }: PodFailurePolicy,
  spec: JobSpec,
  field: string,
): FieldError[] {
  const errors: FieldError[] = []
  if (rules.length > RULES_MAX) errors.push(tooMany(`${field}.rules`, rules.length, RULES_MAX))
  const { containers = [], initContainers = [] } = spec.template?.spec ?? {}
  const names = new Set([...containers, ...initContainers].map(({ name }) => name))
  const place: RulePlace = { names, hasIndexLimit: spec.backoffLimitPerIndex !== undefined }
  return [
    ...errors,
    ...rules.flatMap((rule, index) => validateRule(rule, `${field}.rules[${index}]`, place)),
  ]
}

interface RulePlace {
  /** Of the containers there are. */
  names: ReadonlySet<string>
  hasIndexLimit: boolean
}

function validateRule(rule: PodFailurePolicyRule, field: string, place: RulePlace): FieldError[] {
  const { action, onExitCodes, onPodConditions = [] } = rule
  const errors = chosen(`${field}.action`, action, ACTIONS)
  if (action === 'FailIndex' && !place.hasIndexLimit)
    errors.push(invalid(`${field}.action`, action, 'requires the backoffLimitPerIndex to be set'))
  if (onExitCodes !== undefined)
    errors.push(...validateExitCodes(onExitCodes, `${field}.onExitCodes`, place))
  if (onPodConditions.length > 0)
    errors.push(...validateConditions(onPodConditions, `${field}.onPodConditions`))
  if (onExitCodes !== undefined && onPodConditions.length > 0)
    errors.push(
      invalidAsWhole(field, 'specifying both OnExitCodes and OnPodConditions is not supported'),
    )
  if (onExitCodes === undefined && onPodConditions.length === 0)
    errors.push(
      invalidAsWhole(field, 'specifying one of OnExitCodes and OnPodConditions is required'),
    )
  return errors
}

function validateConditions(
  patterns: readonly PodFailurePolicyOnPodConditionsPattern[],
  field: string,
): FieldError[] {
  const errors: FieldError[] = []
  if (patterns.length > CONDITIONS_MAX) errors.push(tooMany(field, patterns.length, CONDITIONS_MAX))
  for (const [index, { type = '', status }] of patterns.entries())
    errors.push(
      ...invalidEach(`${field}[${index}].type`, type, checkQualifiedName(type)),
      ...chosen(`${field}[${index}].status`, status, STATUSES),
    )
  return errors
}

function validateExitCodes(
  { operator, containerName, values }: PodFailurePolicyOnExitCodesRequirement,
  field: string,
  { names }: RulePlace,
): FieldError[] {
  const errors = chosen(`${field}.operator`, operator, OPERATORS)
  if (containerName !== undefined && !names.has(containerName))
    errors.push(
      invalid(
        `${field}.containerName`,
        containerName,
        'must be one of the container or initContainer names in the pod template',
      ),
    )
  const at = `${field}.values`
  if (values.length === 0) errors.push(invalid(at, values, 'at least one value is required'))
  else if (values.length > EXIT_CODES_MAX) errors.push(tooMany(at, values.length, EXIT_CODES_MAX))
  const seen = new Set<number>()
  for (const [index, value] of values.entries()) {
    if (operator === 'In' && value === 0)
      errors.push(invalid(`${at}[${index}]`, value, 'must not be 0 for the In operator'))
    if (seen.has(value)) errors.push(duplicate(`${at}[${index}]`, value))
    seen.add(value)
  }
  if (values.some((value, index) => index > 0 && values[index - 1]! > value))
    errors.push(invalid(at, values, 'must be ordered'))
  return errors
}
