// What a version's schema may not say.
import type { FieldError } from '#kinds/definition.ts'
import { forbidden, invalid, notSupported } from '#kinds/validate/field-error.ts'
import { checkRules } from '../rules/check-rules.ts'
import type { Structural } from '../structural-schema.ts'
import { itemsOf, valuesOf } from '../structural-schema.ts'
import { checkForm } from './check-form.ts'
import { checkListType } from './check-list-type.ts'
import { checkStructural } from './check-structural.ts'

const DEPTH_MAX = 60
const TYPES = ['array', 'boolean', 'integer', 'number', 'object', 'string']
const UNSUPPORTED = [
  'additionalItems',
  'definitions',
  'dependencies',
  'id',
  'patternProperties',
] as const

export function checkSchema(root: Structural, at: string): FieldError[] {
  const malformed = checkForm(root, at)
  if (malformed.length > 0) return malformed
  if (depthOf(root, 0) > DEPTH_MAX)
    return [invalid(at, '...', `nested deeper than ${DEPTH_MAX} levels`)]
  const errors = checkKeywords(root, at)
  if (errors.length === 0) errors.push(...checkStructural(root, at))
  // Rules are compiled against the schema, which must be whole for that.
  return errors.length > 0 ? errors : checkRules(root, at)
}

function depthOf(schema: Structural, depth: number): number {
  if (depth > DEPTH_MAX) return depth
  return Math.max(depth, ...childrenOf(schema, '').map(([child]) => depthOf(child, depth + 1)))
}

/** Schemas inside a schema, with their paths. */
function childrenOf(schema: Structural, at: string): [Structural, string][] {
  const items = itemsOf(schema)
  const values = valuesOf(schema)
  const junctions = (['allOf', 'anyOf', 'oneOf'] as const).flatMap((key) =>
    (schema[key] ?? []).map((one, index): [Structural, string] => [one, `${at}.${key}[${index}]`]),
  )
  return [
    ...Object.entries(schema.properties ?? {}).map(([name, one]): [Structural, string] => [
      one,
      `${at}.properties[${name}]`,
    ]),
    ...(items === undefined ? [] : [[items, `${at}.items`] as [Structural, string]]),
    ...(values === undefined
      ? []
      : [[values, `${at}.additionalProperties`] as [Structural, string]]),
    ...junctions,
    ...(schema.not === undefined ? [] : [[schema.not, `${at}.not`] as [Structural, string]]),
  ]
}

function checkKeywords(schema: Structural, at: string): FieldError[] {
  const errors: FieldError[] = []
  if (schema.uniqueItems)
    errors.push(
      forbidden(
        `${at}.uniqueItems`,
        'uniqueItems cannot be set to true since the runtime complexity becomes quadratic',
      ),
    )
  if (schema.additionalProperties !== undefined && schema.additionalProperties !== null) {
    if (schema.additionalProperties === false)
      errors.push(
        forbidden(`${at}.additionalProperties`, 'additionalProperties cannot be set to false'),
      )
    if (Object.keys(schema.properties ?? {}).length > 0 && valuesOf(schema) !== undefined)
      errors.push(
        forbidden(
          `${at}.additionalProperties`,
          'additionalProperties and properties are mutual exclusive',
        ),
      )
  }
  for (const key of UNSUPPORTED)
    if (schema[key] !== undefined) errors.push(forbidden(`${at}.${key}`, `${key} is not supported`))
  if (schema.$ref !== undefined) errors.push(forbidden(`${at}.$ref`, '$ref is not supported'))
  if (schema.type && !TYPES.includes(schema.type)) errors.push(typeError(schema.type, at))
  if (Array.isArray(schema.items))
    errors.push(forbidden(`${at}.items`, 'items must be a schema object and not an array'))
  errors.push(...checkListType(schema, at))
  return [
    ...errors,
    ...childrenOf(schema, at).flatMap(([child, path]) => checkKeywords(child, path)),
  ]
}

const typeError = (type: string, at: string): FieldError =>
  type === 'null'
    ? forbidden(`${at}.type`, 'type cannot be set to null, use nullable as an alternative')
    : notSupported(`${at}.type`, type, TYPES)
