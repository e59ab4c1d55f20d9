// Lists that are sets, or maps by keys, hold nothing twice.
import type { FieldError } from '#kinds/definition.ts'
import { duplicate } from '#kinds/validate/field-error.ts'
import { isRecord } from '../body.ts'
import type { Structural } from './structural-schema.ts'
import { itemsOf, valuesOf } from './structural-schema.ts'

export function validateListTypes(schema: Structural, value: unknown, path: string): FieldError[] {
  if (Array.isArray(value)) {
    const items = itemsOf(schema)
    const below =
      items === undefined
        ? []
        : value.flatMap((item, index) => validateListTypes(items, item, `${path}[${index}]`))
    return [...duplicateErrors(schema, value, path), ...below]
  }
  if (!isRecord(value)) return []
  const values = valuesOf(schema)
  return Object.entries(value).flatMap(([key, item]) => {
    const isProperty = Object.hasOwn(schema.properties ?? {}, key)
    const property = isProperty ? schema.properties![key] : values
    const at = isProperty ? (path === '' ? key : `${path}.${key}`) : `${path}[${key}]`
    return property === undefined ? [] : validateListTypes(property, item, at)
  })
}

function duplicateErrors(
  schema: Structural,
  value: readonly unknown[],
  path: string,
): FieldError[] {
  const type = schema['x-kubernetes-list-type']
  if (type !== 'map' && type !== 'set') return []
  const keys = schema['x-kubernetes-list-map-keys'] ?? []
  const defaults = itemsOf(schema)?.properties ?? {}
  const seen = new Set<string>()
  const errors: FieldError[] = []
  for (const [index, item] of value.entries()) {
    const id =
      type === 'map' && isRecord(item)
        ? Object.fromEntries(keys.map((key) => [key, item[key] ?? defaults[key]?.default]))
        : item
    const text = JSON.stringify(id)
    if (seen.has(text)) errors.push(duplicate(`${path}[${index}]`, id))
    seen.add(text)
  }
  return errors
}
