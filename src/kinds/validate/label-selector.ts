import type { FieldError } from '../definition.ts'
import type { LabelSelector, LabelSelectorRequirement } from '../k8s/meta.ts'
import { checkLabelValue, checkQualifiedName } from '../names.ts'
import { forbidden, invalid, invalidEach, required } from './field-error.ts'
import { validateLabels } from './object-meta.ts'

const OPERATORS_WITH_VALUES = ['In', 'NotIn']
const OPERATORS_WITHOUT_VALUES = ['Exists', 'DoesNotExist']

export function validateLabelSelector(selector: LabelSelector, field: string): FieldError[] {
  return [
    ...validateLabels(selector.matchLabels, `${field}.matchLabels`),
    ...(selector.matchExpressions ?? []).flatMap((expression, index) =>
      validateExpression(expression, `${field}.matchExpressions[${index}]`),
    ),
  ]
}

function validateExpression(
  { key, operator, values = [] }: LabelSelectorRequirement,
  field: string,
): FieldError[] {
  const errors: FieldError[] = []
  if (OPERATORS_WITH_VALUES.includes(operator)) {
    if (values.length === 0)
      errors.push(
        required(`${field}.values`, "must be specified when `operator` is 'In' or 'NotIn'"),
      )
  } else if (OPERATORS_WITHOUT_VALUES.includes(operator)) {
    if (values.length > 0)
      errors.push(
        forbidden(
          `${field}.values`,
          "may not be specified when `operator` is 'Exists' or 'DoesNotExist'",
        ),
      )
  } else errors.push(invalid(`${field}.operator`, operator, 'not a valid selector operator'))
  errors.push(...invalidEach(`${field}.key`, key, checkQualifiedName(key)))
  for (const [index, value] of values.entries())
    errors.push(...invalidEach(`${field}.values[${index}]`, value, checkLabelValue(value)))
  return errors
}
