// Checks a value against a structural schema, with the messages of Kubernetes (kube-openapi).
import type { FieldError } from '#kinds/definition.ts'
import { deepEqual } from '#kinds/validate/equal.ts'
import { notSupported, required, tooMany } from '#kinds/validate/field-error.ts'
import { isRecord } from '../body.ts'
import { isMatch } from '../cel/functions/regular-expression.ts'
import { formatHolds } from './formats.ts'
import type { Structural } from './structural-schema.ts'
import { itemsOf, valuesOf } from './structural-schema.ts'

export interface Spot {
  path: string
  /** What the value replaces; a value that is the same is not checked. Absent where it replaces none. */
  old?: unknown
}

export function validateStructural(schema: Structural, value: unknown, spot: Spot): FieldError[] {
  const { path, old } = spot
  if (old !== undefined && deepEqual(value, old)) return []
  if (value === null && schema.nullable === true) return []
  const wrongType = typeError(schema, value, path)
  if (wrongType !== undefined) return [wrongType]
  return [
    ...enumErrors(schema, value, path),
    ...(typeof value === 'number' ? numberErrors(schema, value, path) : []),
    ...(typeof value === 'string' ? stringErrors(schema, value, path) : []),
    ...(Array.isArray(value) ? arrayErrors(schema, value, spot) : []),
    ...(isRecord(value) ? objectErrors(schema, value, spot) : []),
    ...logicErrors(schema, value, path),
  ]
}

function typeName(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'array'
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number'
  return typeof value
}

function typeError(schema: Structural, value: unknown, path: string): FieldError | undefined {
  const actual = typeName(value)
  const wanted = schema['x-kubernetes-int-or-string'] === true ? 'integer,string' : schema.type
  if (!wanted) return undefined
  const holds = wanted
    .split(',')
    .some((type) => type === actual || (type === 'number' && actual === 'integer'))
  if (holds) return undefined
  const shown = JSON.stringify(actual)
  return {
    field: path,
    reason: 'FieldValueTypeInvalid',
    message: `Invalid value: ${shown}: ${path} in body must be of type ${wanted}: ${shown}`,
  }
}

const invalid = (path: string, value: unknown, rule: string): FieldError => ({
  field: path,
  reason: 'FieldValueInvalid',
  message: `Invalid value: ${JSON.stringify(value)}: ${path} in body ${rule}`,
})

function enumErrors(schema: Structural, value: unknown, path: string): FieldError[] {
  if (schema.enum === undefined || schema.enum.some((one) => deepEqual(one, value))) return []
  return [notSupported(path, value, schema.enum.map(String))]
}

function numberErrors(schema: Structural, value: number, path: string): FieldError[] {
  const { minimum, maximum, multipleOf } = schema
  const errors: FieldError[] = []
  if (maximum !== undefined) {
    if (schema.exclusiveMaximum ? value >= maximum : value > maximum)
      errors.push(
        invalid(
          path,
          value,
          `should be less than ${schema.exclusiveMaximum ? '' : 'or equal to '}${maximum}`,
        ),
      )
  }
  if (minimum !== undefined) {
    if (schema.exclusiveMinimum ? value <= minimum : value < minimum)
      errors.push(
        invalid(
          path,
          value,
          `should be greater than ${schema.exclusiveMinimum ? '' : 'or equal to '}${minimum}`,
        ),
      )
  }
  if (multipleOf !== undefined && !Number.isInteger(value / multipleOf))
    errors.push(invalid(path, value, `should be a multiple of ${multipleOf}`))
  if (schema.format === 'int32' && (value < -(2 ** 31) || value >= 2 ** 31))
    errors.push(invalid(path, value, 'must be of type int32'))
  return errors
}

function stringErrors(schema: Structural, value: string, path: string): FieldError[] {
  const { maxLength, minLength, pattern, format } = schema
  // Characters as Go counts them: code points.
  const length = Array.from(value).length
  const errors: FieldError[] = []
  if (maxLength !== undefined && length > maxLength)
    errors.push({
      field: path,
      reason: 'FieldValueTooLong',
      message: `Too long: may not be more than ${maxLength} bytes`,
    })
  if (minLength !== undefined && length < minLength)
    errors.push(invalid(path, value, `should be at least ${minLength} chars long`))
  if (pattern !== undefined && !isMatch(pattern, value))
    errors.push(invalid(path, value, `should match '${pattern}'`))
  if (format !== undefined && !formatHolds(format, value))
    errors.push(invalid(path, value, `must be of type ${format}: ${JSON.stringify(value)}`))
  return errors
}

function arrayErrors(
  schema: Structural,
  value: readonly unknown[],
  { path, old }: Spot,
): FieldError[] {
  const { maxItems, minItems } = schema
  const errors: FieldError[] = []
  if (maxItems !== undefined && value.length > maxItems)
    errors.push(tooMany(path, value.length, maxItems))
  if (minItems !== undefined && value.length < minItems)
    errors.push(invalid(path, value.length, `should have at least ${minItems} items`))
  const items = itemsOf(schema)
  if (items === undefined) return errors
  for (const [index, item] of value.entries()) {
    const spot = { path: `${path}[${index}]`, old: oldItem(schema, old, item) }
    errors.push(...validateStructural(items, item, spot))
  }
  return errors
}

/** The element of the older list with the same keys. */
function oldItem(schema: Structural, old: unknown, item: unknown): unknown {
  if (schema['x-kubernetes-list-type'] !== 'map' || !Array.isArray(old) || !isRecord(item))
    return undefined
  const keys = schema['x-kubernetes-list-map-keys'] ?? []
  return old.find(
    (one: unknown) => isRecord(one) && keys.every((key) => deepEqual(one[key], item[key])),
  ) as unknown
}

function objectErrors(
  schema: Structural,
  value: Record<string, unknown>,
  { path, old }: Spot,
): FieldError[] {
  const before = isRecord(old) ? old : {}
  const { maxProperties, minProperties } = schema
  const at = (key: string) => (path === '' ? key : `${path}.${key}`)
  const count = Object.keys(value).length
  const errors: FieldError[] = []
  if (maxProperties !== undefined && count > maxProperties)
    errors.push(tooMany(path, count, maxProperties))
  if (minProperties !== undefined && count < minProperties)
    errors.push(invalid(path, count, `should have at least ${minProperties} properties`))
  for (const key of schema.required ?? [])
    if (value[key] === undefined) errors.push(required(at(key)))
  const values = valuesOf(schema)
  for (const [key, item] of Object.entries(value)) {
    const property = Object.hasOwn(schema.properties ?? {}, key) ? schema.properties![key] : values
    if (property !== undefined && item !== undefined)
      errors.push(...validateStructural(property, item, { path: at(key), old: before[key] }))
  }
  return errors
}

function logicErrors(schema: Structural, value: unknown, path: string): FieldError[] {
  const { allOf = [], anyOf, oneOf, not } = schema
  const holds = (one: Structural) => validateStructural(one, value, { path }).length === 0
  const errors = allOf.flatMap((one) => validateStructural(one, value, { path }))
  if (anyOf !== undefined && !anyOf.some(holds))
    errors.push(invalid(path, value, 'must validate at least one schema (anyOf)'))
  const valid = oneOf?.filter(holds).length ?? 1
  if (valid !== 1)
    errors.push(
      invalid(
        path,
        value,
        `must validate one and only one schema (oneOf). Found ${valid === 0 ? 'none' : valid} valid`,
      ),
    )
  if (not !== undefined && holds(not))
    errors.push(invalid(path, value, 'must not validate the schema (not)'))
  return errors
}
