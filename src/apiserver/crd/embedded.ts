// Whole objects inside an object (x-kubernetes-embedded-resource) say what they are.
import type { FieldError } from '#kinds/definition.ts'
import { required } from '#kinds/validate/field-error.ts'
import { isRecord } from '../body.ts'
import type { Structural } from './structural-schema.ts'
import { itemsOf, valuesOf } from './structural-schema.ts'

export function validateEmbedded(schema: Structural, value: unknown, path: string): FieldError[] {
  if (Array.isArray(value)) {
    const items = itemsOf(schema)
    if (items === undefined) return []
    return value.flatMap((item, index) => validateEmbedded(items, item, `${path}[${index}]`))
  }
  if (!isRecord(value)) return []
  const values = valuesOf(schema)
  const errors =
    schema['x-kubernetes-embedded-resource'] === true ? identityErrors(value, path) : []
  for (const [key, item] of Object.entries(value)) {
    const isProperty = Object.hasOwn(schema.properties ?? {}, key)
    const property = isProperty ? schema.properties![key] : values
    const at = isProperty ? (path === '' ? key : `${path}.${key}`) : `${path}[${key}]`
    if (property !== undefined) errors.push(...validateEmbedded(property, item, at))
  }
  return errors
}

const identityErrors = (value: Record<string, unknown>, path: string): FieldError[] =>
  ['apiVersion', 'kind'].flatMap((key) =>
    value[key] ? [] : [required(`${path}.${key}`, 'must not be empty')],
  )
