// What is wrong with the rules of a schema, told when the definition is written: what cannot be compiled,
// and what could cost too much.
import type { FieldError } from '#kinds/definition.ts'
import type { ValidationRule } from '#kinds/k8s/apiextensions.ts'
import { forbidden, invalid, notSupported, required } from '#kinds/validate/field-error.ts'
import type { Structural } from '../structural-schema.ts'
import { itemsOf, valuesOf } from '../structural-schema.ts'
import type { CompiledRule } from './compile-rules.ts'
import { rulesOf } from './compile-rules.ts'
import { rulePath } from './rule-path.ts'
import { occurrencesMax, schemaType } from './schema-type.ts'

/** Estimated: of one rule at all places together, and of all rules of a schema. */
export const estimateLimits = { ruleCostMax: 10_000_000, schemaCostMax: 100_000_000 } as const
const BLAMED_MAX = 4
const REASONS = [
  'FieldValueDuplicate',
  'FieldValueForbidden',
  'FieldValueInvalid',
  'FieldValueRequired',
]

interface Place {
  at: string
  isRoot: boolean
  /** How often the place can occur in an object; undefined where no schema bounds it. */
  count: number | undefined
  /** The path of the list whose elements cannot be told apart, if the place is in one. */
  uncorrelatable: string | undefined
}

interface Cost {
  at: string
  cost: number
}

export function checkRules(schema: Structural, at: string): FieldError[] {
  const errors: FieldError[] = []
  const costs: Cost[] = []
  visit(schema, { at, isRoot: true, count: 1, uncorrelatable: undefined }, { errors, costs })
  const total = costs.reduce((sum, { cost }) => sum + cost, 0)
  if (total <= estimateLimits.schemaCostMax) return errors
  const dearest = costs.toSorted((one, other) => other.cost - one.cost).slice(0, BLAMED_MAX)
  return [
    ...errors,
    ...dearest.map((one) =>
      forbidden(
        one.at,
        'contributed to estimated rule cost total exceeding cost limit for entire OpenAPIv3 schema',
      ),
    ),
    forbidden(
      at,
      tooDear(
        'x-kubernetes-validations estimated rule cost total for entire OpenAPIv3 schema',
        total / estimateLimits.schemaCostMax,
      ),
    ),
  ]
}

function tooDear(what: string, factor: number): string {
  const shown = factor > 100 ? 'more than 100x' : `${factor.toFixed(factor < 1.5 ? 6 : 1)}x`
  return `${what} exceeds budget by factor of ${shown} (try simplifying the rule, or adding maxItems, maxProperties, and maxLength where arrays, maps, and strings are declared)`
}

interface Findings {
  errors: FieldError[]
  costs: Cost[]
}

function visit(schema: Structural, place: Place, findings: Findings): void {
  const { at, count, uncorrelatable } = place
  const before = findings.errors.length
  const deeper = (child: Structural, path: string, more: Partial<Place> = {}) =>
    visit(
      child,
      {
        at: path,
        isRoot: child['x-kubernetes-embedded-resource'] === true,
        count,
        uncorrelatable,
        ...more,
      },
      findings,
    )
  for (const [name, property] of Object.entries(schema.properties ?? {}))
    deeper(property, `${at}.properties[${name}]`)
  const values = valuesOf(schema)
  if (values !== undefined)
    deeper(values, `${at}.additionalProperties`, { count: product(count, schema.maxProperties) })
  const items = itemsOf(schema)
  if (items !== undefined) {
    const isMap = schema['x-kubernetes-list-type'] === 'map'
    deeper(items, `${at}.items`, {
      count: product(count, schema.maxItems),
      uncorrelatable: uncorrelatable ?? (isMap ? undefined : `${at}.items`),
    })
  }
  const rules = schema['x-kubernetes-validations'] ?? []
  if (rules.length === 0) return
  for (const [index, rule] of rules.entries())
    findings.errors.push(...checkText(rule, schema, `${at}.x-kubernetes-validations[${index}]`))
  if (findings.errors.length === before) checkCompiled(schema, place, findings)
}

const product = (count: number | undefined, times: number | undefined): number | undefined =>
  count === undefined || times === undefined ? undefined : count * times

const hasLineBreak = (text: string | undefined): boolean => /[\r\n]/.test(text ?? '')

function checkText(rule: ValidationRule, schema: Structural, at: string): FieldError[] {
  const errors: FieldError[] = []
  const { message, messageExpression, reason, fieldPath } = rule
  if (!rule.rule?.trim()) errors.push(required(`${at}.rule`, 'rule is not specified'))
  if (message && !message.trim())
    errors.push(invalid(`${at}.message`, message, 'message must be non-empty if specified'))
  else if (hasLineBreak(message?.trim()))
    errors.push(invalid(`${at}.message`, message, 'message must not contain line breaks'))
  else if (hasLineBreak(rule.rule?.trim()) && !message?.trim())
    errors.push(required(`${at}.message`, 'message must be specified if rule contains line breaks'))
  if (messageExpression && !messageExpression.trim())
    errors.push(
      required(`${at}.messageExpression`, 'messageExpression must be non-empty if specified'),
    )
  if (reason !== undefined && !REASONS.includes(reason))
    errors.push(notSupported(`${at}.reason`, reason, REASONS))
  if (fieldPath && !fieldPath.trim())
    errors.push(invalid(`${at}.fieldPath`, fieldPath, 'fieldPath must be non-empty if specified'))
  if (hasLineBreak(fieldPath))
    errors.push(invalid(`${at}.fieldPath`, fieldPath, 'fieldPath must not contain line breaks'))
  if (fieldPath && rulePath(schema, fieldPath.trim()) === undefined)
    errors.push(invalid(`${at}.fieldPath`, fieldPath, 'fieldPath must be a valid path'))
  return errors
}

function checkCompiled(schema: Structural, place: Place, { errors, costs }: Findings): void {
  const sized = schemaType(schema, place.isRoot)
  // Places that rules cannot see have no rules that could run.
  if (sized === undefined) return
  const count = place.count ?? occurrencesMax(sized.bytesMin)
  for (const [index, compiled] of rulesOf(schema, sized).entries()) {
    const at = `${place.at}.x-kubernetes-validations[${index}]`
    const { rule, program, message, usesOldSelf } = compiled
    const observe = (part: typeof program, field: string, what: string) => {
      if (typeof part === 'string') {
        errors.push(invalid(field, shownRule(compiled), part))
        return
      }
      const cost = part.cost.max * count
      costs.push({ at: field, cost })
      if (cost > estimateLimits.ruleCostMax)
        errors.push(forbidden(field, tooDear(what, cost / estimateLimits.ruleCostMax)))
    }
    observe(program, `${at}.rule`, 'estimated rule cost')
    if (message !== undefined)
      observe(message, `${at}.messageExpression`, 'estimated messageExpression cost')
    if (usesOldSelf && place.uncorrelatable !== undefined)
      errors.push(
        invalid(
          `${at}.rule`,
          rule.rule,
          `oldSelf cannot be used on the uncorrelatable portion of the schema within ${place.uncorrelatable}`,
        ),
      )
  }
}

/** With the field names that Kubernetes shows: those of its internal type. */
function shownRule({ rule }: CompiledRule): unknown {
  return {
    Rule: rule.rule,
    Message: rule.message ?? '',
    MessageExpression: rule.messageExpression ?? '',
    Reason: rule.reason ?? null,
    FieldPath: rule.fieldPath ?? '',
    OptionalOldSelf: rule.optionalOldSelf ?? null,
  }
}
