// How lists and maps merge: x-kubernetes-list-type and its keys, x-kubernetes-map-type.
import type { FieldError } from '#kinds/definition.ts'
import { invalid, notSupported, required } from '#kinds/validate/field-error.ts'
import type { Structural } from '../structural-schema.ts'
import { itemsOf } from '../structural-schema.ts'

const LIST_TYPES = ['atomic', 'set', 'map']
const MAP_TYPES = ['granular', 'atomic']

export function checkListType(schema: Structural, at: string): FieldError[] {
  const listType = schema['x-kubernetes-list-type']
  const mapType = schema['x-kubernetes-map-type']
  const keys = schema['x-kubernetes-list-map-keys'] ?? []
  const errors: FieldError[] = []
  const needsType = (key: string, type: string) => {
    if (!schema.type) errors.push(required(`${at}.type`, `must be ${type} if ${key} is specified`))
    else if (schema.type !== type)
      errors.push(invalid(`${at}.type`, schema.type, `must be ${type} if ${key} is specified`))
  }
  if (listType !== undefined) {
    needsType('x-kubernetes-list-type', 'array')
    if (!LIST_TYPES.includes(listType))
      errors.push(notSupported(`${at}.x-kubernetes-list-type`, listType, LIST_TYPES))
  }
  if (keys.length > 0 && listType !== 'map')
    errors.push(
      listType === undefined
        ? required(
            `${at}.x-kubernetes-list-type`,
            'must be map if x-kubernetes-list-map-keys is non-empty',
          )
        : invalid(
            `${at}.x-kubernetes-list-type`,
            listType,
            'must be map if x-kubernetes-list-map-keys is non-empty',
          ),
    )
  if (listType === 'map') errors.push(...checkKeys(schema, keys, at))
  if (mapType !== undefined) {
    needsType('x-kubernetes-map-type', 'object')
    if (!MAP_TYPES.includes(mapType))
      errors.push(notSupported(`${at}.x-kubernetes-map-type`, mapType, MAP_TYPES))
  }
  return errors
}

function checkKeys(schema: Structural, keys: readonly string[], at: string): FieldError[] {
  const keysAt = `${at}.x-kubernetes-list-map-keys`
  if (keys.length === 0)
    return [required(keysAt, 'must not be empty if x-kubernetes-list-type is map')]
  const items = itemsOf(schema)
  if (items === undefined)
    return [required(`${at}.items`, 'must have a schema if x-kubernetes-list-type is map')]
  if (items.type !== 'object')
    return [
      invalid(
        `${at}.items.type`,
        items.type ?? '',
        "must be object if parent array's x-kubernetes-list-type is map",
      ),
    ]
  return keys.flatMap((key, index) => {
    const property = items.properties?.[key]
    if (property === undefined)
      return [invalid(keysAt, keys, 'entries must all be names of item properties')]
    if (keys.indexOf(key) !== index) return [invalid(`${keysAt}[${index}]`, key, 'duplicate entry')]
    const propertyAt = `${at}.items.properties[${key}]`
    if (property.type === 'object' || property.type === 'array')
      return [
        invalid(
          `${propertyAt}.type`,
          property.type,
          "must be a scalar type if parent array's x-kubernetes-list-type is map",
        ),
      ]
    if (property.default === undefined && !items.required?.includes(key))
      return [
        required(
          `${propertyAt}.default`,
          'this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property',
        ),
      ]
    return []
  })
}
