// What CEL sees of a structural schema. How large values can become, where the schema does not say it,
// follows from how much fits into one request: the figures are those of Kubernetes, which refuses a
// definition by them.
import { canBeNamed, declareListRule, escapeName, unescapeName } from '../../cel/json-value.ts'
import type { CelType } from '../../cel/types.ts'
import { listOf, mapOf } from '../../cel/types.ts'
import type { Structural } from '../structural-schema.ts'
import { itemsOf, valuesOf } from '../structural-schema.ts'

const REQUEST_BYTES_MAX = 3 * 1024 * 1024

export interface SizedType {
  type: CelType
  /** The fewest bytes that a value takes in JSON. */
  bytesMin: number
}

/** How often a value of such a size fits into a request. */
export const occurrencesMax = (bytesMin: number): number =>
  Math.floor((REQUEST_BYTES_MAX - 2) / (bytesMin + 1))

/** The root of an object has its metadata's name, whether its schema says so or not. */
export function rootSchema(schema: Structural): Structural {
  return {
    ...schema,
    type: 'object',
    properties: {
      ...schema.properties,
      apiVersion: { type: 'string' },
      kind: { type: 'string' },
      metadata: {
        type: 'object',
        properties: { name: { type: 'string' }, generateName: { type: 'string' } },
      },
    },
  }
}

/** Undefined for what rules cannot see. Numbers and the like are of size 0: comparing them is free. */
export function schemaType(given: Structural, isRoot: boolean): SizedType | undefined {
  if (given['x-kubernetes-int-or-string'] === true)
    return { type: { kind: 'dyn', sizeMax: REQUEST_BYTES_MAX - 2 }, bytesMin: 1 }
  const schema = isRoot ? rootSchema(given) : given
  switch (schema.type) {
    case 'array':
      return arrayType(schema)
    case 'object':
      return valuesOf(schema) === undefined ? objectTypeOf(schema) : valuesType(schema)
    case 'string':
      return textType(schema)
    case 'boolean':
      return { type: { kind: 'bool', sizeMax: 0 }, bytesMin: 4 }
    case 'number':
      return { type: { kind: 'double', sizeMax: 0 }, bytesMin: 1 }
    case 'integer':
      return { type: { kind: 'int', sizeMax: 0 }, bytesMin: 1 }
    default:
      return undefined
  }
}

const childType = (schema: Structural): SizedType | undefined =>
  schemaType(schema, schema['x-kubernetes-embedded-resource'] === true)

function arrayType(schema: Structural): SizedType | undefined {
  const items = itemsOf(schema)
  const item = items === undefined ? undefined : childType(items)
  if (item === undefined) return undefined
  const type = listOf(item.type, schema.maxItems ?? occurrencesMax(item.bytesMin))
  const rule = schema['x-kubernetes-list-type']
  if (rule === 'map' || rule === 'set')
    declareListRule(type, { type: rule, keys: schema['x-kubernetes-list-map-keys'] ?? [] })
  return { type, bytesMin: 2 }
}

function valuesType(schema: Structural): SizedType | undefined {
  const value = childType(valuesOf(schema)!)
  if (value === undefined) return undefined
  // A key takes two quotes, a colon and a comma at least.
  const fits = Math.floor((REQUEST_BYTES_MAX - 2) / (value.bytesMin + 6))
  return {
    type: mapOf({ kind: 'string', sizeMax: 0 }, value.type, schema.maxProperties ?? fits),
    bytesMin: 2,
  }
}

function objectTypeOf(schema: Structural): SizedType {
  const fields = new Map<string, CelType>()
  const needed = new Set(schema.required)
  let bytesMin = 2
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    const sized = childType(property)
    if (sized === undefined) continue
    if (canBeNamed(name)) fields.set(escapeName(name), sized.type)
    if (needed.has(name) && property.default === undefined)
      bytesMin += name.length + sized.bytesMin + 4
  }
  const field = (name: string) => fields.get(name)
  return { type: { kind: 'object', name: 'object', field, propertyOf: unescapeName }, bytesMin }
}

function textType({ format, maxLength, enum: choices }: Structural): SizedType {
  switch (format) {
    case 'byte':
      return { type: { kind: 'bytes', sizeMax: maxLength ?? REQUEST_BYTES_MAX - 2 }, bytesMin: 2 }
    case 'duration':
      return { type: { kind: 'duration', sizeMax: 32 }, bytesMin: 3 }
    case 'date':
      return { type: { kind: 'timestamp', sizeMax: 12 }, bytesMin: 12 }
    case 'date-time':
      return { type: { kind: 'timestamp', sizeMax: 32 }, bytesMin: 21 }
    default:
  }
  return { type: { kind: 'string', sizeMax: textLengthMax(maxLength, choices) }, bytesMin: 2 }
}

/** In bytes: a character takes up to four. */
function textLengthMax(maxLength: number | undefined, choices: unknown[] | undefined): number {
  if (maxLength !== undefined) return maxLength * 4
  if (choices === undefined || choices.length === 0) return REQUEST_BYTES_MAX - 2
  return Math.max(...choices.map((choice) => (typeof choice === 'string' ? choice.length : 0)))
}
