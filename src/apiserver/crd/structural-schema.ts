// What a structural schema does to a value beside checking it: unknown fields go, defaults come.
import type { JSONSchemaProps } from '#kinds/k8s/apiextensions.ts'
import { isRecord } from '../body.ts'
import { decodeMetadata } from './custom-metadata.ts'

export type Structural = JSONSchemaProps

export const itemsOf = (schema: Structural): Structural | undefined =>
  isRecord(schema.items) ? (schema.items as Structural) : undefined

export const valuesOf = (schema: Structural): Structural | undefined =>
  isRecord(schema.additionalProperties) ? (schema.additionalProperties as Structural) : undefined

/** Fields of embedded resources that need no mention in the schema. */
const EMBEDDED = new Set(['apiVersion', 'kind', 'metadata'])

/** A copy without the fields that the schema does not know; their paths go to `unknown`. */
export function prune(
  schema: Structural,
  value: unknown,
  path: string,
  unknown: string[],
): unknown {
  if (Array.isArray(value)) {
    const items = itemsOf(schema)
    if (items === undefined) return structuredClone(value)
    return value.map((item, index) => prune(items, item, `${path}[${index}]`, unknown))
  }
  if (!isRecord(value)) return value
  const values = valuesOf(schema)
  const keepsUnknown = schema['x-kubernetes-preserve-unknown-fields'] === true
  const isEmbedded = schema['x-kubernetes-embedded-resource'] === true
  const entries: [string, unknown][] = []
  for (const [key, item] of Object.entries(value)) {
    const at = path === '' ? key : `${path}.${key}`
    const property = Object.hasOwn(schema.properties ?? {}, key) ? schema.properties![key] : values
    if (isEmbedded && key === 'metadata' && isRecord(item))
      entries.push([key, decodeMetadata(item, path, unknown)])
    else if (property !== undefined) entries.push([key, prune(property, item, at, unknown)])
    else if (
      keepsUnknown ||
      schema.additionalProperties === true ||
      (isEmbedded && EMBEDDED.has(key))
    )
      entries.push([key, structuredClone(item)])
    else unknown.push(at)
  }
  return Object.fromEntries(entries)
}

/** Fills defaults in place. A null that is not allowed counts as absent where there is a default. */
export function applyDefaults(schema: Structural, value: unknown): void {
  if (Array.isArray(value)) {
    const items = itemsOf(schema)
    if (items !== undefined) for (const item of value) applyDefaults(items, item)
    return
  }
  if (!isRecord(value)) return
  for (const [key, property] of Object.entries(schema.properties ?? {})) {
    if (property.default !== undefined && isUnset(property, value[key]))
      value[key] = structuredClone(property.default)
    if (value[key] !== undefined) applyDefaults(property, value[key])
  }
  const values = valuesOf(schema)
  if (values === undefined) return
  for (const [key, item] of Object.entries(value))
    if (!Object.hasOwn(schema.properties ?? {}, key)) applyDefaults(values, item)
}

const isUnset = (schema: Structural, value: unknown): boolean =>
  value === undefined || (value === null && schema.nullable !== true)

export function hasDefaults(schema: Structural): boolean {
  const items = itemsOf(schema)
  const values = valuesOf(schema)
  return [
    ...Object.values(schema.properties ?? {}),
    ...[items, values].filter((one) => one !== undefined),
  ].some((child) => child.default !== undefined || hasDefaults(child))
}

/** The value itself where nothing is missing, or a copy with the defaults. */
export function withDefaults(schema: Structural, value: unknown): unknown {
  if (Array.isArray(value)) {
    const items = itemsOf(schema)
    if (items === undefined) return value
    const filled = value.map((item) => withDefaults(items, item))
    return filled.some((item, index) => item !== value[index]) ? filled : value
  }
  if (!isRecord(value)) return value
  const changes: Record<string, unknown> = {}
  const properties = schema.properties ?? {}
  for (const [key, property] of Object.entries(properties)) {
    const given: unknown =
      property.default !== undefined && isUnset(property, value[key])
        ? structuredClone(property.default)
        : value[key]
    const filled = given === undefined ? undefined : withDefaults(property, given)
    if (filled !== value[key]) changes[key] = filled
  }
  const values = valuesOf(schema)
  if (values !== undefined)
    for (const [key, item] of Object.entries(value)) {
      const filled = Object.hasOwn(properties, key) ? item : withDefaults(values, item)
      if (filled !== item) changes[key] = filled
    }
  return Object.keys(changes).length === 0 ? value : { ...value, ...changes }
}
