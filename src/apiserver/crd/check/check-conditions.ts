// allOf, anyOf, oneOf and not: they may say nothing of structure, and speak only of fields that are
// declared outside of them.
import type { FieldError } from '#kinds/definition.ts'
import { deepEqual } from '#kinds/validate/equal.ts'
import { forbidden, required } from '#kinds/validate/field-error.ts'
import type { Structural } from '../structural-schema.ts'
import { itemsOf, valuesOf } from '../structural-schema.ts'

const INT_OR_STRING = [{ type: 'integer' }, { type: 'string' }]

const EMPTY = 'must be empty to be structural'
const UNDEFINED = 'must be undefined to be structural'
const FALSE = 'must be false to be structural'
const STRUCTURE: readonly (readonly [keyof Structural, string])[] = [
  ['type', EMPTY],
  ['default', UNDEFINED],
  ['title', EMPTY],
  ['description', EMPTY],
  ['nullable', FALSE],
  ['externalDocs', UNDEFINED],
  ['additionalProperties', UNDEFINED],
  ['x-kubernetes-preserve-unknown-fields', FALSE],
  ['x-kubernetes-embedded-resource', FALSE],
  ['x-kubernetes-int-or-string', FALSE],
  ['x-kubernetes-list-map-keys', EMPTY],
  ['x-kubernetes-list-type', UNDEFINED],
  ['x-kubernetes-map-type', UNDEFINED],
  ['x-kubernetes-validations', EMPTY],
]

/** The conditions that stand directly at a place of the schema. */
export function checkConditions(schema: Structural, at: string): FieldError[] {
  return conditionsOf(schema, at, schema['x-kubernetes-int-or-string'] === true).flatMap(
    ([condition, path]) => checkCondition(condition, path, { schema, at }),
  )
}

interface Declared {
  schema: Structural
  at: string
}

function conditionsOf(
  schema: Structural,
  at: string,
  isIntOrString: boolean,
): [Structural, string][] {
  const list = (key: 'allOf' | 'anyOf' | 'oneOf') =>
    (schema[key] ?? []).map((one, index): [Structural, string] => [one, `${at}.${key}[${index}]`])
  // The one pair of types that may stand in a condition.
  const isPair = (one: Structural) => isIntOrString && deepEqual(one.anyOf, INT_OR_STRING)
  return [
    ...(isPair(schema) ? [] : list('anyOf')),
    ...list('allOf').map(([one, path], index): [Structural, string] => {
      if (index > 0 || !isPair(one)) return [one, path]
      const { anyOf: _pair, ...rest } = one
      return [rest, path]
    }),
    ...list('oneOf'),
    ...(schema.not === undefined ? [] : [[schema.not, `${at}.not`] as [Structural, string]]),
  ]
}

function checkCondition(condition: Structural, at: string, declared: Declared): FieldError[] {
  const errors: FieldError[] = []
  for (const [key, why] of STRUCTURE) {
    const value = condition[key]
    const isSet = value !== undefined && value !== '' && value !== false
    if (isSet && !(Array.isArray(value) && value.length === 0))
      errors.push(forbidden(`${at}.${key}`, why))
  }
  for (const [name, property] of Object.entries(condition.properties ?? {})) {
    const path = `${at}.properties[${name}]`
    if (name === 'metadata')
      errors.push(forbidden(path, 'must not be specified in a nested context'))
    const outside = declared.schema.properties?.[name] ?? valuesOf(declared.schema)
    const outsideAt = `${declared.at}.properties[${name}]`
    if (outside === undefined) errors.push(required(outsideAt, `because it is defined in ${path}`))
    else errors.push(...checkCondition(property, path, { schema: outside, at: outsideAt }))
  }
  const items = itemsOf(condition)
  if (items !== undefined) {
    const outside = itemsOf(declared.schema)
    const path = `${at}.items`
    const outsideAt = `${declared.at}.items`
    if (outside === undefined) errors.push(required(outsideAt, `because it is defined in ${path}`))
    else errors.push(...checkCondition(items, path, { schema: outside, at: outsideAt }))
  }
  const inner = conditionsOf(condition, at, declared.schema['x-kubernetes-int-or-string'] === true)
  return [...errors, ...inner.flatMap(([one, path]) => checkCondition(one, path, declared))]
}
