// When a container of its own is started again, whatever the pod says.
import type { FieldError } from '../definition.ts'
import type { Container, ContainerRestartRule } from '../k8s/core.ts'
import { notSupported, oneOf, required, tooMany } from './field-error.ts'

const POLICIES = ['Always', 'Never', 'OnFailure']
const ACTIONS = ['Restart']
const OPERATORS = ['In', 'NotIn']
const RULES_MAX = 20
const EXIT_CODES_MAX = 255

function validateRule({ action, exitCodes }: ContainerRestartRule, field: string): FieldError[] {
  const errors = ACTIONS.includes(action) ? [] : [notSupported(`${field}.action`, action, ACTIONS)]
  if (exitCodes === undefined)
    return [...errors, required(`${field}.exitCodes`, 'must be specified')]
  const { operator, values = [] } = exitCodes
  if (!OPERATORS.includes(operator))
    errors.push(notSupported(`${field}.exitCodes.operator`, operator, OPERATORS))
  if (values.length > EXIT_CODES_MAX)
    errors.push(tooMany(`${field}.exitCodes.values`, values.length, EXIT_CODES_MAX))
  return errors
}

export function validateRestartPolicy(container: Container, field: string): FieldError[] {
  const { restartPolicy, restartPolicyRules: rules = [] } = container
  const errors = oneOf(`${field}.restartPolicy`, restartPolicy, POLICIES)
  if (rules.length === 0) return errors
  if (restartPolicy === undefined)
    errors.push(
      required(`${field}.restartPolicy`, 'must specify restartPolicy when restart rules are used'),
    )
  if (rules.length > RULES_MAX)
    errors.push(tooMany(`${field}.restartPolicyRules`, rules.length, RULES_MAX))
  return [
    ...errors,
    ...rules.flatMap((rule, at) => validateRule(rule, `${field}.restartPolicyRules[${at}]`)),
  ]
}
