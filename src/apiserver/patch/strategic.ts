// Strategic merge patch: a merge patch in which lists merge by key where the schema says so, with
// directives `$patch`, `$retainKeys`, `$deleteFromPrimitiveList/<field>`, `$setElementOrder/<field>`.
// Rules: "Strategic Merge Patch" in kubernetes/community, contributors/devel/sig-api-machinery.
import { isRecord } from '../body.ts'
import type { Schema, SchemaSet } from '../schema/schema.ts'
import { resolveSchema } from '../schema/schema.ts'
import { orderByKeys, orderedBy } from './element-order.ts'
import { PatchError } from './patch-error.ts'

type Fields = Record<string, unknown>

const DIRECTIVE = '$patch'
const RETAIN_KEYS = '$retainKeys'
const DELETE_PRIMITIVES = '$deleteFromPrimitiveList/'
const ELEMENT_ORDER = '$setElementOrder/'

/** How one field merges. */
interface FieldRule {
  schema: Schema
  merges: boolean
  mergeKey: string | undefined
}

export function applyStrategicPatch(
  set: SchemaSet,
  schemaName: string,
  target: Fields,
  patch: Fields,
): Fields {
  const schema = set[schemaName]
  if (schema === undefined) throw new Error(`schema ${schemaName} is not there`)
  return new StrategicMerge(set).map(schema, target, patch)
}

class StrategicMerge {
  readonly #set: SchemaSet

  constructor(set: SchemaSet) {
    this.#set = set
  }

  map(schema: Schema, target: Fields, patch: Fields): Fields {
    const directive = patch[DIRECTIVE]
    if (directive === 'replace') return cleaned(without(patch, DIRECTIVE))
    if (directive === 'delete') return {}
    if (directive !== undefined && directive !== 'merge')
      throw new PatchError(`unknown patch type: ${JSON.stringify(directive)}`)
    const result = new Map(Object.entries(retained(target, patch)))
    const lists = new Set<string>()
    for (const [key, value] of Object.entries(patch)) {
      if (key === DIRECTIVE || key === RETAIN_KEYS) continue
      const field = fieldOfDirective(key)
      if (field !== undefined) lists.add(field)
      else if (Array.isArray(value)) lists.add(key)
      else {
        const merged = this.#value(schema, key, result.get(key), value)
        if (merged === undefined) result.delete(key)
        else result.set(key, merged)
      }
    }
    for (const key of lists) {
      const merged = this.#list(this.#rule(schema, key), result.get(key), listPatchOf(patch, key))
      if (merged === undefined) result.delete(key)
      else result.set(key, merged)
    }
    return Object.fromEntries(result)
  }

  #value(schema: Schema, key: string, old: unknown, value: unknown): unknown {
    if (!isRecord(value) || !isRecord(old)) return withoutDirectives(value)
    return this.map(this.#rule(schema, key).schema, old, value)
  }

  #rule(schema: Schema, key: string): FieldRule {
    const { schema: parent } = resolveSchema(this.#set, schema)
    const values = parent.additionalProperties
    const property = parent.properties?.[key] ?? (typeof values === 'object' ? values : {})
    const { schema: resolved } = resolveSchema(this.#set, property)
    const strategy = property['x-kubernetes-patch-strategy'] ?? ''
    return {
      schema: resolved,
      merges: strategy.split(',').includes('merge'),
      mergeKey: property['x-kubernetes-patch-merge-key'],
    }
  }

  #list(rule: FieldRule, old: unknown, patch: ListPatch): unknown[] | undefined {
    const before = Array.isArray(old) ? (old as unknown[]) : []
    if (!rule.merges)
      return (withoutDirectives(patch.items) as unknown[] | undefined) ?? asList(old)
    if (rule.mergeKey !== undefined) return this.#keyedList(rule, before, patch)
    const gone = new Set(patch.deleted)
    const added = (patch.items ?? []).filter((item) => !gone.has(item))
    const merged = [...new Set([...before.filter((item) => !gone.has(item)), ...added])]
    const ordered = orderedBy(merged, patch.order ?? added, before)
    return ordered.length === 0 && patch.items === undefined && old === undefined
      ? undefined
      : ordered
  }

  #keyedList(rule: FieldRule, before: readonly unknown[], patch: ListPatch): unknown[] {
    const key = rule.mergeKey!
    const items = (patch.items ?? []).map((item) => {
      if (isRecord(item)) return item
      throw new PatchError(`expected an object in a list that merges by ${key}`)
    })
    if (items.some((item) => item[DIRECTIVE] === 'replace'))
      return items
        .filter((item) => item[DIRECTIVE] !== 'replace' || Object.keys(item).length > 1)
        .map((item) => cleaned(without(item, DIRECTIVE)))
    const elements = rule.schema.items ?? {}
    const merged = before.filter(isRecord)
    for (const item of items) {
      const id = item[key]
      if (id === undefined)
        throw new PatchError(
          `map: ${JSON.stringify(item)} does not contain declared merge key: ${key}`,
        )
      const at = merged.findIndex((one) => one[key] === id)
      if (item[DIRECTIVE] === 'delete') {
        for (let i = merged.length - 1; i >= 0; i--) if (merged[i]![key] === id) merged.splice(i, 1)
      } else if (at < 0) merged.push(cleaned(item))
      else merged[at] = this.map(elements, merged[at]!, item)
    }
    const order = patch.order ?? items.map((item) => ({ [key]: item[key] }))
    return orderByKeys({ key, merged, order, patched: items, before })
  }
}

/**
 * A value that has nothing to merge with: nulls and directives in it mean nothing, and a map with a
 * `$patch` of its own is nothing.
 */
function withoutDirectives(value: unknown): unknown {
  if (value === null) return undefined
  if (Array.isArray(value)) return value.map(withoutDirectives).filter((item) => item !== undefined)
  if (!isRecord(value)) return value
  return value[DIRECTIVE] === undefined ? cleaned(value) : undefined
}

function cleaned(value: Fields): Fields {
  const entries = Object.entries(value)
    .filter(([key]) => !key.startsWith('$'))
    .map(([key, item]): [string, unknown] => [key, withoutDirectives(item)])
  return Object.fromEntries(entries.filter(([, item]) => item !== undefined))
}

interface ListPatch {
  items: unknown[] | undefined
  deleted: unknown[]
  order: unknown[] | undefined
}

function listPatchOf(patch: Fields, key: string): ListPatch {
  return {
    items: asList(patch[key]),
    deleted: asList(patch[`${DELETE_PRIMITIVES}${key}`]) ?? [],
    order: asList(patch[`${ELEMENT_ORDER}${key}`]),
  }
}

const asList = (value: unknown): unknown[] | undefined =>
  Array.isArray(value) ? (value as unknown[]) : undefined

function fieldOfDirective(key: string): string | undefined {
  for (const prefix of [DELETE_PRIMITIVES, ELEMENT_ORDER])
    if (key.startsWith(prefix)) return key.slice(prefix.length)
  return undefined
}

function retained(target: Fields, patch: Fields): Fields {
  const keys = patch[RETAIN_KEYS]
  if (keys === undefined) return target
  if (!Array.isArray(keys)) throw new PatchError(`${RETAIN_KEYS} must be a list`)
  const kept = new Set<unknown>(keys)
  for (const key of Object.keys(patch))
    if (!key.startsWith('$') && !kept.has(key))
      throw new PatchError(`${key} is in the patch but not in its ${RETAIN_KEYS} list`)
  return Object.fromEntries(Object.entries(target).filter(([key]) => kept.has(key)))
}

function without(fields: Fields, key: string): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([one]) => one !== key))
}
