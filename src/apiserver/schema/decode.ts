// Reads a JSON value as a built-in kind: a fresh copy with only the fields the schema knows, types
// checked. What Go's decoder would leave at its zero value (null, empty lists and maps) is left out.
import type { Schema, SchemaSet } from './schema.ts'
import { refName, resolveSchema } from './schema.ts'
import { goType, jsonType, shortName } from './go-type.ts'

/** The value has not the shape of its kind; the message is Go's. */
export class DecodeError extends Error {
  override readonly name = 'DecodeError'
}

export interface Decoded {
  value: Record<string, unknown>
  /** Paths of fields that the schema does not know. */
  unknown: string[]
}

const QUANTITY = 'io.k8s.apimachinery.pkg.api.resource.Quantity'
const TIMES = new Set([
  'io.k8s.apimachinery.pkg.apis.meta.v1.Time',
  'io.k8s.apimachinery.pkg.apis.meta.v1.MicroTime',
])
const QUANTITY_PATTERN = /^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$/
const RFC3339 = /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)$/

const ZEROS: Readonly<Record<string, unknown>> = {
  string: '',
  boolean: false,
  integer: 0,
  number: 0,
}

interface Place {
  /** "spec.containers[0].image": for unknown fields. */
  path: string
  /** "spec.containers.image": Go's errors leave indices out. */
  goPath: string
  /** The named type around the value, "Container". */
  owner: string
}

class Decoder {
  readonly unknown: string[] = []
  readonly #set: SchemaSet

  constructor(set: SchemaSet) {
    this.#set = set
  }

  value(given: Schema, value: unknown, place: Place): unknown {
    const name = refName(given)
    if (name === QUANTITY) return quantity(value)
    if (name !== undefined && TIMES.has(name))
      return time(value, () => this.#mismatch(given, value, place))
    const { schema } = resolveSchema(this.#set, given)
    if (schema.oneOf !== undefined) return this.#alternative(given, schema, value, place)
    switch (schema.type) {
      case 'object':
        return this.#object(given, schema, value, place)
      case 'array':
        return this.#array(given, schema, value, place)
      case 'string':
        if (typeof value === 'string') return value
        break
      case 'boolean':
        if (typeof value === 'boolean') return value
        break
      case 'integer':
        if (Number.isInteger(value)) return value
        break
      case 'number':
        if (typeof value === 'number') return value
        break
      default:
        return structuredClone(value)
    }
    throw this.#mismatch(given, value, place)
  }

  #alternative(given: Schema, schema: Schema, value: unknown, place: Place): unknown {
    const types = schema.oneOf!.map((one) => one.type)
    const actual = typeof value === 'number' && types.includes('integer') ? 'integer' : typeof value
    if (types.includes(actual)) return value
    throw this.#mismatch(given, value, place)
  }

  #array(given: Schema, schema: Schema, value: unknown, place: Place): unknown[] {
    if (!Array.isArray(value)) throw this.#mismatch(given, value, place)
    const items = schema.items ?? {}
    return value.map((item, index) =>
      item === null
        ? this.#zero(items, place)
        : this.value(items, item, { ...place, path: `${place.path}[${index}]` }),
    )
  }

  #object(given: Schema, schema: Schema, value: unknown, place: Place): unknown {
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      throw this.#mismatch(given, value, place)
    const { properties, additionalProperties } = schema
    // No fields are known: free form, such as RawExtension and FieldsV1.
    if (properties === undefined && additionalProperties === undefined)
      return structuredClone(value)
    const name = refName(given)
    const owner = name === undefined ? place.owner : shortName(name)
    const out: Record<string, unknown> = {}
    for (const [key, item] of Object.entries(value)) {
      const path = place.path === '' ? key : `${place.path}.${key}`
      const property = properties?.[key]
      if (property !== undefined) {
        const goPath = place.goPath === '' ? key : `${place.goPath}.${key}`
        if (item === null) continue
        const read = this.value(property, item, { path, goPath, owner })
        if (!isOmitted(property, read) || schema.required?.includes(key)) set(out, key, read)
      } else if (typeof additionalProperties === 'object') {
        set(out, key, this.#entry(additionalProperties, item, { ...place, path, owner }))
      } else if (additionalProperties === true) set(out, key, structuredClone(item))
      else this.unknown.push(path)
    }
    return out
  }

  /** A map's value; null is its zero value there, for the key itself carries meaning. */
  #entry(schema: Schema, value: unknown, place: Place): unknown {
    return value === null ? this.#zero(schema, place) : this.value(schema, value, place)
  }

  /** What Go makes of null where something must stand: in a list, or under a key of a map. */
  #zero(schema: Schema, place: Place): unknown {
    const name = refName(schema)
    if (name === QUANTITY) return '0'
    if (name !== undefined && TIMES.has(name)) return null
    const { schema: resolved } = resolveSchema(this.#set, schema)
    if (resolved.oneOf !== undefined) return 0
    if (resolved.type === 'object' && resolved.properties !== undefined)
      return this.value(schema, {}, place)
    return resolved.type === undefined ? null : (ZEROS[resolved.type] ?? null)
  }

  #mismatch(schema: Schema, value: unknown, place: Place): DecodeError {
    const type = goType(this.#set, schema)
    const shown =
      typeof value === 'number' && !Number.isInteger(value) ? `number ${value}` : jsonType(value)
    return new DecodeError(
      `json: cannot unmarshal ${shown} into Go struct field ${place.owner}.${place.goPath} of type ${type}`,
    )
  }
}

/** Own keys only: "__proto__" in a body is a key like any other. */
function set(target: Record<string, unknown>, key: string, value: unknown): void {
  if (key === '__proto__')
    Object.defineProperty(target, key, {
      value,
      enumerable: true,
      configurable: true,
      writable: true,
    })
  else target[key] = value
}

function isOmitted(property: Schema, value: unknown): boolean {
  if (Array.isArray(value)) return value.length === 0
  return (
    property.additionalProperties !== undefined &&
    typeof value === 'object' &&
    value !== null &&
    Object.keys(value).length === 0
  )
}

function quantity(value: unknown): unknown {
  if (typeof value === 'number') return String(value)
  if (typeof value === 'string' && QUANTITY_PATTERN.test(value)) return value
  throw new DecodeError(`quantities must match the regular expression '${QUANTITY_PATTERN.source}'`)
}

function time(value: unknown, mismatch: () => DecodeError): string {
  if (typeof value !== 'string') throw mismatch()
  if (!RFC3339.test(value))
    throw new DecodeError(
      `parsing time ${JSON.stringify(value)} as "2006-01-02T15:04:05Z07:00": cannot parse ${JSON.stringify(value)} as "2006"`,
    )
  return value
}

/** Reads `value` as the schema called `schemaName`. */
export function decodeBySchema(
  set: SchemaSet,
  schemaName: string,
  value: Record<string, unknown>,
): Decoded {
  const schema = set[schemaName]
  if (schema === undefined) throw new Error(`schema ${schemaName} is not there`)
  const decoder = new Decoder(set)
  const place = { path: '', goPath: '', owner: shortName(schemaName) }
  const decoded = decoder.value(schema, value, place)
  return { value: decoded as Record<string, unknown>, unknown: decoder.unknown }
}
