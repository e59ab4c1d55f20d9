// What is wrong with a ResourceQuota.
import type { FieldError } from '../definition.ts'
import type { ResourceQuota, ResourceQuotaSpec, ScopeSelector } from '../k8s/core.ts'
import type { Quantity } from '../object.ts'
import { checkQualifiedName } from '../names.ts'
import { parseQuantity } from '../quantity.ts'
import {
  isCountedInPieces,
  isQuotaResource,
  isQuotaScope,
  isValidInScope,
} from '../quota/resources.ts'
import { deepEqual } from './equal.ts'
import { IMMUTABLE, invalid, invalidEach, required } from './field-error.ts'

const WHOLE = 1_000_000_000n

export function validateResourceQuota(
  { spec, status = {} }: ResourceQuota,
  old: ResourceQuota | undefined,
): FieldError[] {
  const errors = [
    ...validateAmounts(spec.hard, 'spec.hard'),
    ...validateScopes(spec),
    ...validateSelector(spec),
    ...validateAmounts(status.hard, 'status.hard'),
    ...validateAmounts(status.used, 'status.used'),
  ]
  if (old === undefined) return errors
  if (!deepEqual(spec.scopes?.toSorted(), old.spec.scopes?.toSorted()))
    errors.push(invalid('spec.scopes', spec.scopes ?? [], IMMUTABLE))
  if (!deepEqual(spec.scopeSelector, old.spec.scopeSelector))
    errors.push(invalid('spec.scopeSelector', spec.scopeSelector, IMMUTABLE))
  return errors
}

function validateAmounts(
  amounts: Record<string, Quantity> | undefined,
  field: string,
): FieldError[] {
  return Object.entries(amounts ?? {}).flatMap(([name, quantity]) =>
    validateAmount(`${field}[${name}]`, name, quantity),
  )
}

function validateAmount(field: string, name: string, quantity: Quantity): FieldError[] {
  const errors = invalidEach(field, name, checkQualifiedName(name))
  if (!name.includes('/') && !isQuotaResource(name)) {
    if (errors.length === 0)
      errors.push(invalid(field, name, 'must be a standard resource type or fully qualified'))
    errors.push(invalid(field, name, 'must be a standard resource for quota'))
  }
  const { nanos } = parseQuantity(quantity)
  if (nanos < 0n)
    errors.push(invalid(field, String(quantity), 'must be greater than or equal to 0'))
  if (isCountedInPieces(name) && nanos % WHOLE !== 0n)
    errors.push(invalid(field, String(quantity), 'must be an integer'))
  return errors
}

function validateScopes({ hard, scopes = [] }: ResourceQuotaSpec): FieldError[] {
  const field = 'spec.scopes'
  const errors: FieldError[] = []
  for (const scope of scopes) {
    if (!isQuotaScope(scope)) errors.push(invalid(field, scopes, 'unsupported scope'))
    for (const name of Object.keys(hard ?? {}).toSorted())
      if (!isValidInScope(scope, name))
        errors.push(invalid(field, scopes, 'unsupported scope applied to resource'))
  }
  return [...errors, ...validateTogether(scopes, field, scopes)]
}

const CONFLICTING = [
  ['BestEffort', 'NotBestEffort'],
  ['Terminating', 'NotTerminating'],
] as const

function validateTogether(scopes: readonly string[], field: string, shown: unknown): FieldError[] {
  return CONFLICTING.filter((pair) => pair.every((scope) => scopes.includes(scope))).map(() =>
    invalid(field, shown, 'conflicting scopes'),
  )
}

/** Of these scopes a pod is or is not: they have no values to select by. */
const WITHOUT_VALUES = new Set([
  'BestEffort',
  'NotBestEffort',
  'Terminating',
  'NotTerminating',
  'CrossNamespacePodAffinity',
])

function validateSelector({ hard, scopes, scopeSelector }: ResourceQuotaSpec): FieldError[] {
  if (scopeSelector === undefined) return []
  const field = 'spec.scopeSelector.matchExpressions'
  const expressions = scopeSelector.matchExpressions ?? []
  const errors = expressions.flatMap((expression) => {
    const { scopeName } = expression
    const problems = isQuotaScope(scopeName)
      ? []
      : [invalid(`${field}.scopeName`, scopeName, 'unsupported scope')]
    for (const name of Object.keys(hard ?? {}).toSorted())
      if (!isValidInScope(scopeName, name))
        problems.push(invalid(field, scopeSelector, 'unsupported scope applied to resource'))
    return [...problems, ...validateOperator(expression, field)]
  })
  const names = expressions.map(({ scopeName }) => scopeName)
  return [...errors, ...validateTogether(names, field, scopes ?? null)]
}

type Expression = NonNullable<ScopeSelector['matchExpressions']>[number]

function validateOperator(
  { scopeName, operator, values = [] }: Expression,
  field: string,
): FieldError[] {
  const errors: FieldError[] = []
  if (WITHOUT_VALUES.has(scopeName) && operator !== 'Exists')
    errors.push(
      invalid(
        `${field}.operator`,
        operator,
        "must be 'Exist' when scope is any of ResourceQuotaScopeTerminating, ResourceQuotaScopeNotTerminating, ResourceQuotaScopeBestEffort, ResourceQuotaScopeNotBestEffort or ResourceQuotaScopeCrossNamespacePodAffinity",
      ),
    )
  if (operator === 'In' || operator === 'NotIn') {
    if (values.length === 0)
      errors.push(
        required(
          `${field}.values`,
          "must be at least one value when `operator` is 'In' or 'NotIn' for scope selector",
        ),
      )
  } else if (operator === 'Exists' || operator === 'DoesNotExist') {
    if (values.length > 0)
      errors.push(
        invalid(
          `${field}.values`,
          values,
          "must be no value when `operator` is 'Exist' or 'DoesNotExist' for scope selector",
        ),
      )
  } else errors.push(invalid(`${field}.operator`, operator, 'not a valid selector operator'))
  return errors
}
