// What makes a schema structural: every field has a type where it stands, and conditions (allOf, anyOf,
// oneOf, not) only narrow what is said outside of them.
import type { FieldError } from '#kinds/definition.ts'
import { deepEqual } from '#kinds/validate/equal.ts'
import { forbidden, invalid, required } from '#kinds/validate/field-error.ts'
import { regularExpression } from '../../cel/functions/regular-expression.ts'
import { CelError } from '../../cel/values.ts'
import { isRecord } from '../../body.ts'
import { validateListTypes } from '../list-types.ts'
import type { Structural } from '../structural-schema.ts'
import { itemsOf, prune, valuesOf } from '../structural-schema.ts'
import { validateStructural } from '../validate-structural.ts'
import { checkConditions } from './check-conditions.ts'

type Level = 'root' | 'item' | 'field'

const EMPTY_TYPE: Readonly<Record<Level, string>> = {
  root: 'must not be empty at the root',
  item: 'must not be empty for specified array items',
  field: 'must not be empty for specified object fields',
}

export function checkStructural(root: Structural, at: string): FieldError[] {
  return visit(root, at, 'root').toSorted((one, other) =>
    textOf(one) < textOf(other) ? -1 : Number(textOf(one) > textOf(other)),
  )
}

const textOf = ({ field, message }: FieldError): string => `${field}: ${message}`

function visit(schema: Structural, at: string, level: Level): FieldError[] {
  const errors = [...checkType(schema, at, level), ...checkPattern(schema, at)]
  const items = itemsOf(schema)
  const values = valuesOf(schema)
  if (schema.type === 'array' && items === undefined)
    errors.push(required(`${at}.items`, 'must be specified'))
  if (items !== undefined) errors.push(...visit(items, `${at}.items`, 'item'))
  if (values !== undefined && level === 'root')
    errors.push(forbidden(`${at}.additionalProperties`, 'must not be used at the root'))
  if (values !== undefined) errors.push(...visit(values, `${at}.additionalProperties`, 'field'))
  for (const [name, property] of Object.entries(schema.properties ?? {}))
    errors.push(...visit(property, `${at}.properties[${name}]`, 'field'))
  errors.push(...checkIdentity(schema, at, level), ...checkConditions(schema, at))
  if (errors.length === 0 && schema.default !== undefined) errors.push(...checkDefault(schema, at))
  return errors
}

function checkType(schema: Structural, at: string, level: Level): FieldError[] {
  const isIntOrString = schema['x-kubernetes-int-or-string'] === true
  const keepsUnknown = schema['x-kubernetes-preserve-unknown-fields'] === true
  const isEmbedded = schema['x-kubernetes-embedded-resource'] === true
  const errors: FieldError[] = []
  const unlessInt = (key: string) =>
    errors.push(
      invalid(`${at}.${key}`, true, 'must be false if x-kubernetes-int-or-string is true'),
    )
  if (isIntOrString && keepsUnknown) unlessInt('x-kubernetes-preserve-unknown-fields')
  if (isIntOrString && isEmbedded) unlessInt('x-kubernetes-embedded-resource')
  const embedded = 'must be object if x-kubernetes-embedded-resource is true'
  if (isEmbedded && schema.type !== 'object')
    errors.push(
      schema.type ? invalid(`${at}.type`, schema.type, embedded) : required(`${at}.type`, embedded),
    )
  else if (!schema.type && !isIntOrString && !keepsUnknown)
    errors.push(required(`${at}.type`, EMPTY_TYPE[level]))
  if (isEmbedded && schema.additionalProperties !== undefined)
    errors.push(
      forbidden(
        `${at}.additionalProperties`,
        'must not be used if x-kubernetes-embedded-resource is set',
      ),
    )
  if (isEmbedded && !keepsUnknown && Object.keys(schema.properties ?? {}).length === 0)
    errors.push(
      required(
        `${at}.properties`,
        'must not be empty if x-kubernetes-embedded-resource is true without x-kubernetes-preserve-unknown-fields',
      ),
    )
  return errors
}

/** Of objects, apiVersion, kind and metadata are what they are. */
function checkIdentity(schema: Structural, at: string, level: Level): FieldError[] {
  if (level !== 'root' && schema['x-kubernetes-embedded-resource'] !== true) return []
  const { kind, apiVersion, metadata } = schema.properties ?? {}
  const errors: FieldError[] = []
  for (const [name, property] of Object.entries({ kind, apiVersion }))
    if (property !== undefined && property.type !== 'string')
      errors.push(invalid(`${at}.properties[${name}].type`, property.type ?? '', 'must be string'))
  if (metadata === undefined) return errors
  const metadataAt = `${at}.properties[metadata]`
  if (metadata.type !== 'object')
    errors.push(invalid(`${metadataAt}.type`, metadata.type ?? '', 'must be object'))
  const { type: _type, properties = {}, description: _description, ...more } = metadata
  const others = Object.keys(properties).filter(
    (name) => name !== 'name' && name !== 'generateName',
  )
  if (level === 'root' && (others.length > 0 || Object.keys(more).length > 0))
    errors.push(
      forbidden(
        metadataAt,
        'must not specify anything other than name and generateName, but metadata is implicitly specified',
      ),
    )
  return errors
}

function checkPattern({ pattern }: Structural, at: string): FieldError[] {
  if (pattern === undefined) return []
  try {
    regularExpression(pattern)
    return []
  } catch (error) {
    if (!(error instanceof CelError)) throw error
    const why = `must be a valid regular expression, but isn't: ${error.message}`
    return [invalid(`${at}.pattern`, pattern, why)]
  }
}

/** A default must be an object of its own schema. */
function checkDefault(schema: Structural, at: string): FieldError[] {
  const path = `${at}.default`
  const unknown: string[] = []
  const pruned = prune(schema, schema.default, '', unknown)
  if (isRecord(schema.default) && !deepEqual(pruned, schema.default))
    return [invalid(path, schema.default, 'must not have unknown fields')]
  return [
    ...validateStructural(schema, schema.default, { path }),
    ...validateListTypes(schema, schema.default, path),
  ]
}
