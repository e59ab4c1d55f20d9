// How values merge: which lists are maps or sets, which maps are one value, as the schema of a kind says.
// Rules: "Merge strategy" in Kubernetes' documentation of server-side apply.
import { isRecord } from '../body.ts'
import type { Schema, SchemaSet } from '../schema/schema.ts'
import { resolveSchema } from '../schema/schema.ts'

export interface FieldType {
  type: ValueType
  /** A field of its own, not a key of a map. */
  isNamed: boolean
  /** What it is when it is left out, for a map or list that Kubernetes writes even when it is empty. */
  unset: object | undefined
}

export interface MapType {
  kind: 'map'
  /** Undefined for a field that the schema does not know. */
  field(name: string): FieldType | undefined
}

export interface ListType {
  kind: 'list'
  /** The fields that tell items apart; undefined for a set of plain values. */
  keys: readonly string[] | undefined
  /** What a key is that an item leaves out. */
  defaults: Readonly<Record<string, unknown>>
  item: ValueType
}

export type ValueType =
  /** One value, whatever it is made of. */
  | { kind: 'atomic' }
  | { kind: 'scalar'; accepts: 'string' | 'number' | 'boolean' | 'any' }
  /** Nothing is known: maps merge by key, lists are one value. */
  | { kind: 'deduced' }
  | MapType
  | ListType

const ATOMIC: ValueType = { kind: 'atomic' }
export const DEDUCED: ValueType = { kind: 'deduced' }

/** Types of the schemas of one set, each made once. */
export class ValueTypes {
  readonly #set: SchemaSet
  readonly #known = new WeakMap<Schema, ValueType>()

  constructor(set: SchemaSet) {
    this.#set = set
  }

  of(schema: Schema): ValueType {
    const known = this.#known.get(schema)
    if (known !== undefined) return known
    const type = this.#make(schema)
    this.#known.set(schema, type)
    return type
  }

  #make(schema: Schema): ValueType {
    const { schema: resolved } = resolveSchema(this.#set, schema)
    if (resolved !== schema && !isAtomicMap(schema)) return this.of(resolved)
    if (isAtomicMap(schema) || isAtomicMap(resolved)) return ATOMIC
    switch (resolved.type) {
      case 'array':
        return this.#list(resolved)
      case 'object':
        return this.#map(resolved)
      case 'string':
        return { kind: 'scalar', accepts: 'string' }
      case 'integer':
      case 'number':
        return { kind: 'scalar', accepts: 'number' }
      case 'boolean':
        return { kind: 'scalar', accepts: 'boolean' }
      default:
        if (resolved.properties !== undefined) return this.#map(resolved)
        if (resolved['x-kubernetes-preserve-unknown-fields'] === true) return DEDUCED
        if (resolved.oneOf !== undefined || resolved['x-kubernetes-int-or-string'] === true)
          return { kind: 'scalar', accepts: 'any' }
        return DEDUCED
    }
  }

  #list(schema: Schema): ValueType {
    const keys = keysOf(schema)
    if (keys === 'atomic' || schema.items === undefined) return ATOMIC
    if (keys === 'set')
      return { kind: 'list', keys: undefined, defaults: {}, item: this.of(schema.items) }
    const { schema: items } = resolveSchema(this.#set, schema.items)
    const defaults = keys.flatMap((key) => {
      const value = items.properties?.[key]?.default
      return value === undefined || !isRequiredFree(items, key) ? [] : [[key, value] as const]
    })
    return {
      kind: 'list',
      keys,
      defaults: Object.fromEntries(defaults),
      item: this.of(schema.items),
    }
  }

  #map(schema: Schema): ValueType {
    const { properties = {}, additionalProperties } = schema
    const isOpen = schema['x-kubernetes-preserve-unknown-fields'] === true
    const values =
      typeof additionalProperties === 'object'
        ? additionalProperties
        : isOpen || additionalProperties === true || schema.properties === undefined
          ? 'deduced'
          : undefined
    // Types of fields are made when they are first asked for: schemas may hold themselves.
    const known = new Map<string, FieldType>()
    let other: FieldType | undefined
    const named = (name: string): FieldType => ({
      type: this.of(properties[name]!),
      isNamed: true,
      unset: unsetOf(properties[name]!, schema.required?.includes(name) === true),
    })
    const unnamed = (of: Schema | 'deduced'): FieldType => ({
      type: of === 'deduced' ? DEDUCED : this.of(of),
      isNamed: false,
      unset: undefined,
    })
    return {
      kind: 'map',
      field(name) {
        if (!Object.hasOwn(properties, name))
          return values === undefined ? undefined : (other ??= unnamed(values))
        const field = known.get(name) ?? named(name)
        known.set(name, field)
        return field
      },
    }
  }
}

const NO_ITEMS = Object.freeze([])
const NO_FIELDS = Object.freeze({})

function unsetOf(schema: Schema, isRequired: boolean): object | undefined {
  const { default: value, type, additionalProperties } = schema
  if (isRecord(value) && Object.keys(value).length === 0) return NO_FIELDS
  if (!isRequired) return undefined
  if (type === 'array') return NO_ITEMS
  return additionalProperties === undefined ? undefined : NO_FIELDS
}

const isAtomicMap = (schema: Schema): boolean => schema['x-kubernetes-map-type'] === 'atomic'

/** The published schemas give "" and 0 as defaults of fields that must be there: those are none. */
const isRequiredFree = ({ required = [] }: Schema, key: string): boolean => !required.includes(key)

function keysOf(schema: Schema): readonly string[] | 'set' | 'atomic' {
  switch (schema['x-kubernetes-list-type']) {
    case 'map':
      return schema['x-kubernetes-list-map-keys'] ?? 'atomic'
    case 'set':
      return 'set'
    case undefined: {
      const strategy = schema['x-kubernetes-patch-strategy'] ?? ''
      if (!strategy.split(',').includes('merge')) return 'atomic'
      const key = schema['x-kubernetes-patch-merge-key']
      return key === undefined ? 'set' : [key]
    }
    default:
      return 'atomic'
  }
}
