import type { FieldError } from '../definition.ts'
import type { Taint, Toleration } from '../k8s/core.ts'
import { checkLabelValue, checkQualifiedName } from '../names.ts'
import { duplicate, invalid, invalidEach, oneOf, required } from './field-error.ts'

const EFFECTS = ['NoSchedule', 'PreferNoSchedule', 'NoExecute']
const OPERATORS = ['Equal', 'Exists', 'Gt', 'Lt']
const INTEGER = /^-?(0|[1-9]\d*)$/

export function validateTolerations(
  tolerations: readonly Toleration[],
  field: string,
): FieldError[] {
  return tolerations.flatMap((toleration, index) =>
    validateToleration(toleration, `${field}[${index}]`),
  )
}

function validateToleration(
  { key, operator, value, effect, tolerationSeconds }: Toleration,
  field: string,
): FieldError[] {
  const errors = key ? invalidEach(`${field}.key`, key, checkQualifiedName(key)) : []
  if (!key && operator !== 'Exists')
    errors.push(
      invalid(
        `${field}.operator`,
        operator ?? '',
        'operator must be Exists when `key` is empty, which means "match all values and all keys"',
      ),
    )
  if (tolerationSeconds !== undefined && effect !== 'NoExecute')
    errors.push(
      invalid(
        `${field}.effect`,
        effect ?? '',
        "effect must be 'NoExecute' when `tolerationSeconds` is set",
      ),
    )
  if (operator === 'Exists' && value)
    errors.push(
      invalid(`${field}.operator`, value, "value must be empty when `operator` is 'Exists'"),
    )
  else if (operator === 'Gt' || operator === 'Lt') {
    if (!INTEGER.test(value ?? ''))
      errors.push(invalid(`${field}.value`, value ?? '', `must be an integer with '${operator}'`))
  } else if (value) errors.push(...invalidEach(`${field}.operator`, value, checkLabelValue(value)))
  return [
    ...errors,
    ...oneOf(`${field}.operator`, operator || undefined, OPERATORS),
    ...oneOf(`${field}.effect`, effect || undefined, EFFECTS),
  ]
}

export function validateTaints(taints: readonly Taint[], field: string): FieldError[] {
  const seen = new Set<string>()
  return taints.flatMap(({ key, value, effect }, index) => {
    const at = `${field}[${index}]`
    const errors = key
      ? invalidEach(`${at}.key`, key, checkQualifiedName(key))
      : [required(`${at}.key`)]
    if (value) errors.push(...invalidEach(`${at}.value`, value, checkLabelValue(value)))
    if (!effect) errors.push(required(`${at}.effect`))
    else errors.push(...oneOf(`${at}.effect`, effect, EFFECTS))
    const identity = `${key}:${effect}`
    if (seen.has(identity)) errors.push(duplicate(at, { key, value, effect }))
    seen.add(identity)
    return errors
  })
}
