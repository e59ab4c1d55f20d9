// JSON as CEL sees it, and back. Objects are read field by field as an expression asks, so that large
// objects cost only what is looked at.
import { listRules } from './equality.ts'
import type { ListRule } from './equality.ts'
import {
  durationText,
  parseDate,
  parseDuration,
  parseTimestamp,
  timestampText,
} from './functions/times.ts'
import type { CelType } from './types.ts'
import { DYN } from './types.ts'
import type { CelValue } from './values.ts'
import { CelError, CelMap, Duration, isList, Optional, Timestamp, Uint } from './values.ts'

/** `value` as its schema has it: its type tells int from double and a time from a string. */
export function fromJson(value: unknown, type: CelType): CelValue {
  switch (typeof value) {
    case 'string':
      return textValue(value, type)
    case 'number':
      return numberValue(value, type)
    case 'boolean':
      return value
    case 'object':
      if (value === null) return null
      return Array.isArray(value) ? listValue(value, type) : new JsonMap(value as JsonObject, type)
    default:
      throw new CelError(`a ${typeof value} is no JSON`)
  }
}

type JsonObject = Readonly<Record<string, unknown>>

function numberValue(value: number, type: CelType): CelValue {
  if (type.kind === 'double' || !Number.isInteger(value)) return value
  return BigInt(value)
}

function textValue(value: string, type: CelType): CelValue {
  switch (type.kind) {
    case 'bytes':
      return Buffer.from(value, 'base64')
    case 'duration':
      return parseDuration(value) ?? invalidText(value, 'duration')
    case 'timestamp':
      return parseTimestamp(value) ?? parseDate(value) ?? invalidText(value, 'time')
    default:
      return value
  }
}

function invalidText(value: string, what: string): never {
  throw new CelError(`invalid ${what}: ${JSON.stringify(value)}`)
}

function listValue(value: readonly unknown[], type: CelType): CelValue {
  const element = type.kind === 'list' ? type.element : DYN
  const list = value.map((item) => fromJson(item, element))
  const rule = rules.get(type)
  if (rule !== undefined) listRules.set(list, rule)
  return list
}

const rules = new WeakMap<CelType, ListRule>()

/** Lists of this type are sets, or maps by keys. */
export function declareListRule(type: CelType, rule: ListRule): CelType {
  rules.set(type, rule)
  return type
}

class JsonMap extends CelMap {
  readonly #object: JsonObject
  readonly #type: CelType
  readonly #read = new Map<string, CelValue>()
  #keys: readonly string[] | undefined

  constructor(object: JsonObject, type: CelType) {
    super()
    this.#object = object
    this.#type = type
  }

  override get size(): number {
    return this.keys().length
  }

  override keys(): readonly string[] {
    this.#keys ??= Object.keys(this.#object).filter((key) => this.#object[key] !== undefined)
    return this.#keys
  }

  override get(key: CelValue): CelValue | undefined {
    if (typeof key !== 'string') return undefined
    const known = this.#read.get(key)
    if (known !== undefined) return known
    const value = Object.hasOwn(this.#object, key) ? this.#object[key] : undefined
    if (value === undefined) return undefined
    const read = fromJson(value, this.#typeOf(key))
    this.#read.set(key, read)
    return read
  }

  #typeOf(key: string): CelType {
    if (this.#type.kind === 'map') return this.#type.value
    return this.#type.kind === 'object' ? (this.#type.field(escapeName(key)) ?? DYN) : DYN
  }
}

const WORDS = new Set(
  'true false null in as break const continue else for function if import let loop package namespace return var void while'.split(
    ' ',
  ),
)
const ESCAPES = [
  [/__/g, '__underscores__'],
  [/\./g, '__dot__'],
  [/-/g, '__dash__'],
  [/\//g, '__slash__'],
] as const

/** The name under which CEL sees a property; undefined when it sees none. */
export function escapeName(name: string): string {
  if (WORDS.has(name)) return `__${name}__`
  return ESCAPES.reduce((text, [pattern, escape]) => text.replaceAll(pattern, escape), name)
}

export const canBeNamed = (name: string): boolean => /^[A-Za-z_]\w*$/.test(escapeName(name))

const NAMED: Readonly<Record<string, string>> = {
  underscores: '__',
  dot: '.',
  dash: '-',
  slash: '/',
}

export function unescapeName(name: string): string {
  const word = /^__(\w+)__$/.exec(name)?.[1]
  if (word !== undefined && WORDS.has(word)) return word
  return name.replaceAll(/__(underscores|dot|dash|slash)__/g, (_, escape: string) => NAMED[escape]!)
}

/** Plain JSON of a value. Throws CelError for what JSON cannot say. */
export function toJson(value: CelValue): unknown {
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return value
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw new CelError(`${value} cannot be written as JSON`)
    return value
  }
  if (typeof value === 'bigint') return safeInteger(value)
  if (value instanceof Uint) return safeInteger(value.value)
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64')
  if (value instanceof Timestamp) return timestampText(value)
  if (value instanceof Duration) return durationText(value)
  if (isList(value)) return value.map(toJson)
  if (value instanceof CelMap)
    return Object.fromEntries(value.keys().map((key) => [keyName(key), toJson(value.get(key)!)]))
  if (value instanceof Optional) return value.value === undefined ? null : toJson(value.value)
  throw new CelError(`a value of this type cannot be written as JSON`)
}

function safeInteger(value: bigint): number {
  const number = Number(value)
  if (!Number.isSafeInteger(number)) throw new CelError(`${value} is too large for a field`)
  return number
}

function keyName(key: CelValue): string {
  if (typeof key === 'string') return key
  throw new CelError('only text can be the key of a JSON object')
}
