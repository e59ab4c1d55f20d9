// What webhooks and admission policies have in common: which requests they are about.
import type { FieldError } from '../definition.ts'
import type {
  MatchCondition,
  MatchResources,
  NamedRuleWithOperations,
  RuleWithOperations,
} from '../k8s/admissionregistration.ts'
import { checkPathSegment, checkQualifiedName } from '../names.ts'
import { duplicate, invalid, invalidEach, notSupported, required, tooMany } from './field-error.ts'
import { validateLabelSelector } from './label-selector.ts'

const OPERATIONS = ['*', 'CONNECT', 'CREATE', 'DELETE', 'UPDATE']
const SCOPES = ['*', 'Cluster', 'Namespaced']
const MATCH_POLICIES = ['Equivalent', 'Exact']
const CONDITIONS_MAX = 64

export function validateRules(
  rules: readonly RuleWithOperations[] | undefined,
  field: string,
): FieldError[] {
  return (rules ?? []).flatMap((rule, i) => validateRule(rule, `${field}[${i}]`))
}

function validateRule(rule: RuleWithOperations, field: string): FieldError[] {
  const { operations = [], apiGroups = [], apiVersions = [], resources = [], scope } = rule
  const errors = wildcardAlone(operations, `${field}.operations`, 'operations')
  for (const [i, operation] of operations.entries())
    if (!OPERATIONS.includes(operation))
      errors.push(notSupported(`${field}.operations[${i}]`, operation, OPERATIONS))
  errors.push(
    ...wildcardAlone(apiGroups, `${field}.apiGroups`, 'API groups'),
    ...wildcardAlone(apiVersions, `${field}.apiVersions`, 'API versions'),
    ...apiVersions.flatMap((version, i) =>
      version === '' ? [required(`${field}.apiVersions[${i}]`)] : [],
    ),
    ...validateResources(resources, `${field}.resources`),
  )
  if (scope !== undefined && !SCOPES.includes(scope))
    errors.push(notSupported(`${field}.scope`, scope, SCOPES))
  return errors
}

function wildcardAlone(values: readonly string[], field: string, what: string): FieldError[] {
  if (values.length === 0) return [required(field)]
  return values.length > 1 && values.includes('*')
    ? [invalid(field, values, `if '*' is present, must not specify other ${what}`)]
    : []
}

/** "pods", "pods/log", "pods/*", "*", "*\/scale" and "*\/*": no two that mean the same. */
function validateResources(resources: readonly string[], field: string): FieldError[] {
  if (resources.length === 0) return [required(field)]
  const errors: FieldError[] = []
  const all = new Set(resources)
  const isNamed = resources.some((one) => one !== '*' && !one.includes('/'))
  for (const [i, one] of resources.entries()) {
    const [resource, subresource] = one.split('/', 2)
    if (one === '') errors.push(required(`${field}[${i}]`))
    if (subresource === undefined || one === '*/*') continue
    if (subresource !== '*' && all.has(`${resource}/*`))
      errors.push(
        invalid(`${field}[${i}]`, one, `if '${resource}/*' is present, must not specify ${one}`),
      )
    if (resource !== '*' && all.has(`*/${subresource}`))
      errors.push(
        invalid(`${field}[${i}]`, one, `if '*/${subresource}' is present, must not specify ${one}`),
      )
  }
  if (all.has('*/*') && all.size > 1)
    errors.push(invalid(field, resources, "if '*/*' is present, must not specify other resources"))
  if (all.has('*') && isNamed)
    errors.push(
      invalid(
        field,
        resources,
        "if '*' is present, must not specify other resources without subresources",
      ),
    )
  return errors
}

export function validateMatchResources(match: MatchResources, field: string): FieldError[] {
  const { namespaceSelector, objectSelector, resourceRules, excludeResourceRules } = match
  const errors: FieldError[] = []
  if (match.matchPolicy === undefined) errors.push(required(`${field}.matchPolicy`))
  else if (!MATCH_POLICIES.includes(match.matchPolicy))
    errors.push(notSupported(`${field}.matchPolicy`, match.matchPolicy, MATCH_POLICIES))
  for (const [key, selector] of Object.entries({ namespaceSelector, objectSelector }))
    if (selector === undefined) errors.push(required(`${field}.${key}`))
    else errors.push(...validateLabelSelector(selector, `${field}.${key}`))
  return [
    ...errors,
    ...validateNamedRules(resourceRules, `${field}.resourceRules`),
    ...validateNamedRules(excludeResourceRules, `${field}.excludeResourceRules`),
  ]
}

function validateNamedRules(
  rules: readonly NamedRuleWithOperations[] | undefined,
  field: string,
): FieldError[] {
  return (rules ?? []).flatMap((rule, i) => [
    ...(rule.resourceNames ?? []).flatMap((name, at, all) => {
      const place = `${field}[${i}].resourceNames[${at}]`
      const errors = invalidEach(place, name, checkPathSegment(name))
      return all.indexOf(name) < at ? [...errors, duplicate(place, name)] : errors
    }),
    ...validateRule(rule, `${field}[${i}]`),
  ])
}

export function validateMatchConditions(
  conditions: readonly MatchCondition[] | undefined,
  field: string,
): FieldError[] {
  const all = conditions ?? []
  const errors: FieldError[] =
    all.length > CONDITIONS_MAX ? [tooMany(field, all.length, CONDITIONS_MAX)] : []
  for (const [i, { name, expression }] of all.entries()) {
    if (!expression?.trim()) errors.push(required(`${field}[${i}].expression`))
    if (!name) errors.push(required(`${field}[${i}].name`))
    else errors.push(...invalidEach(`${field}[${i}].name`, name, checkQualifiedName(name)))
    if (name && all.findIndex((other) => other.name === name) < i)
      errors.push(duplicate(`${field}[${i}].name`, name))
  }
  return errors
}
