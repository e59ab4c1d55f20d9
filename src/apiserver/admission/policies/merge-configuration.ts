// Merges an ApplyConfiguration into an object by the object's schema: objects and maps field by field,
// lists that are maps by their keys, sets as sets. What is one piece (atomic) cannot be changed in part,
// and Kubernetes refuses it here.
import { deepEqual } from '#kinds/validate/equal.ts'
import { isRecord } from '../../body.ts'
import { CelError } from '../../cel/values.ts'
import type { ServedResource } from '../../resources.ts'
import { builtinSchemas } from '../../schema/builtin-schemas.ts'
import type { Schema } from '../../schema/schema.ts'
import { resolveSchema, schemaRef } from '../../schema/schema.ts'

type Fields = Record<string, unknown>

/** A new object; throws CelError for what cannot be merged. */
export function mergeConfiguration(
  { custom, schema, openApiSchema }: ServedResource,
  target: Fields,
  change: Fields,
): Fields {
  const root = custom ? (openApiSchema ?? {}) : schemaRef(schema)
  return mergeFields(root, target, change, '')
}

function mergeFields(given: Schema, target: Fields, change: Fields, path: string): Fields {
  const { schema } = resolveSchema(builtinSchemas, given)
  const merged = { ...target }
  const values = schema.additionalProperties
  for (const [key, value] of Object.entries(change)) {
    const known = Object.hasOwn(schema.properties ?? {}, key) ? schema.properties![key] : undefined
    const field = known ?? (typeof values === 'object' ? values : {})
    merged[key] = mergeValue(field, target[key], value, `${path}.${key}`)
  }
  return merged
}

function mergeValue(given: Schema, target: unknown, change: unknown, path: string): unknown {
  const { schema } = resolveSchema(builtinSchemas, given)
  if (Array.isArray(change)) return mergeList(given, target, change, path)
  if (!isRecord(change)) return change
  const isAtomic = (schema as Fields)['x-kubernetes-map-type'] === 'atomic'
  if (isAtomic || (given as Fields)['x-kubernetes-map-type'] === 'atomic') throw atomic(path)
  return mergeFields(given, isRecord(target) ? target : {}, change, path)
}

function mergeList(
  given: Schema,
  target: unknown,
  change: readonly unknown[],
  path: string,
): unknown[] {
  const { schema } = resolveSchema(builtinSchemas, given)
  const merged: unknown[] = Array.isArray(target) ? [...(target as unknown[])] : []
  const items = schema.items ?? {}
  switch (schema['x-kubernetes-list-type']) {
    case 'set':
      for (const item of change) if (!merged.some((one) => deepEqual(one, item))) merged.push(item)
      return merged
    case 'map': {
      const keys = keysOf(schema, items)
      for (const item of change) {
        const at = merged.findIndex((one) => sameKeys(one, item, keys))
        const place = `${path}[${JSON.stringify(item)}]`
        if (at < 0) merged.push(mergeValue(items, undefined, item, place))
        else merged[at] = mergeValue(items, merged[at], item, place)
      }
      return merged
    }
    default:
      throw atomic(path)
  }
}

interface Keys {
  names: readonly string[]
  defaults: Readonly<Record<string, unknown>>
}

function keysOf(schema: Schema, items: Schema): Keys {
  const names = schema['x-kubernetes-list-map-keys'] ?? []
  const { properties = {} } = resolveSchema(builtinSchemas, items).schema
  return {
    names,
    defaults: Object.fromEntries(names.map((name) => [name, properties[name]?.default])),
  }
}

function sameKeys(one: unknown, other: unknown, { names, defaults }: Keys): boolean {
  if (!isRecord(one) || !isRecord(other)) return false
  return names.every((name) =>
    deepEqual(one[name] ?? defaults[name], other[name] ?? defaults[name]),
  )
}

const atomic = (path: string): CelError =>
  new CelError(`invalid ApplyConfiguration: may not mutate atomic arrays, maps or structs: ${path}`)
