// What CEL expressions work with. Numbers of the three kinds stay apart: int is a bigint, uint a class of
// its own, double a number.

export type CelValue =
  | null
  | boolean
  | bigint
  | number
  | string
  | Uint8Array
  | CelList
  | CelMap
  | Uint
  | Duration
  | Timestamp
  | Optional
  | TypeValue
  | Opaque

export type CelList = readonly CelValue[]

/** What goes wrong while an expression runs, in the words of cel-go. */
export class CelError extends Error {
  override readonly name: string = 'CelError'
}

/** The expression used up what it may cost. Nothing in the expression can catch it. */
export class CostError extends Error {
  override readonly name = 'CostError'
  constructor() {
    super('operation cancelled: actual cost limit exceeded')
  }
}

export const noSuchOverload = (): CelError => new CelError('no such overload')
export const noSuchKey = (key: string): CelError => new CelError(`no such key: ${key}`)

export class Uint {
  readonly value: bigint
  constructor(value: bigint) {
    this.value = value
  }
}

export class Duration {
  readonly nanoseconds: bigint
  constructor(nanoseconds: bigint) {
    this.nanoseconds = nanoseconds
  }
}

export class Timestamp {
  /** Since 1970. */
  readonly nanoseconds: bigint
  constructor(nanoseconds: bigint) {
    this.nanoseconds = nanoseconds
  }
}

export class Optional {
  readonly value: CelValue | undefined
  constructor(value: CelValue | undefined) {
    this.value = value
  }
}

export const NONE = new Optional(undefined)

/** A type as a value: what `type(1)` gives. */
export class TypeValue {
  readonly typeName: string
  constructor(typeName: string) {
    this.typeName = typeName
  }
}

/** A value of an extension library. */
export abstract class Opaque {
  abstract readonly typeName: string
  abstract equals(other: Opaque): boolean
}

export abstract class CelMap {
  abstract readonly size: number
  abstract get(key: CelValue): CelValue | undefined
  abstract keys(): readonly CelValue[]
}

/** Keys that are equal have the same text: 1, 1u and 1.0 are one key. Undefined for what is never a key. */
export function keyText(key: CelValue): string | undefined {
  if (typeof key === 'string') return `s${key}`
  if (typeof key === 'bigint') return `n${key}`
  if (typeof key === 'boolean') return `b${key}`
  if (key instanceof Uint) return `n${key.value}`
  if (typeof key === 'number' && Number.isInteger(key)) return `n${BigInt(key)}`
  return undefined
}

export class EntryMap extends CelMap {
  readonly #entries = new Map<string, readonly [CelValue, CelValue]>()
  #keys: readonly CelValue[] | undefined

  /** Throws CelError for a key that is there already or can be none. */
  add(key: CelValue, value: CelValue): void {
    const text = keyText(key)
    if (text === undefined || typeof key === 'number')
      throw new CelError(`unsupported key type: ${typeNameOf(key)}`)
    if (this.#entries.has(text))
      throw new CelError(`insert failed: key ${showKey(key)} already exists`)
    this.#entries.set(text, [key, value])
    this.#keys = undefined
  }

  override get size(): number {
    return this.#entries.size
  }

  override get(key: CelValue): CelValue | undefined {
    const text = keyText(key)
    return text === undefined ? undefined : this.#entries.get(text)?.[1]
  }

  override keys(): readonly CelValue[] {
    this.#keys ??= [...this.#entries.values()].map(([key]) => key)
    return this.#keys
  }
}

export function showKey(key: CelValue): string {
  if (key instanceof Uint) return String(key.value)
  return typeof key === 'object' ? typeNameOf(key) : String(key)
}

const CLASS_NAMES = [
  [Uint, 'uint'],
  [Duration, 'google.protobuf.Duration'],
  [Timestamp, 'google.protobuf.Timestamp'],
  [Optional, 'optional_type'],
  [TypeValue, 'type'],
  [Uint8Array, 'bytes'],
  [CelMap, 'map'],
] as const

/** The name of the value's type, as `type()` gives it. */
export function typeNameOf(value: CelValue): string {
  if (value === null) return 'null_type'
  switch (typeof value) {
    case 'boolean':
      return 'bool'
    case 'bigint':
      return 'int'
    case 'number':
      return 'double'
    case 'string':
      return 'string'
    default:
  }
  if (Array.isArray(value)) return 'list'
  if (value instanceof Opaque) return value.typeName
  return CLASS_NAMES.find(([type]) => value instanceof type)?.[1] ?? 'dyn'
}

/** Lists are arrays; nothing else is. */
export const isList = (value: CelValue): value is CelList => Array.isArray(value)

/** Characters as Go counts them: code points. */
export function lengthOf(text: string): number {
  let length = text.length
  for (let at = 0; at < text.length - 1; at++) {
    const high = text.charCodeAt(at)
    if (high < 0xd800 || high > 0xdbff) continue
    const low = text.charCodeAt(at + 1)
    if (low >= 0xdc00 && low <= 0xdfff) {
      length--
      at++
    }
  }
  return length
}

/** How much there is to look at in a value, whatever it holds. */
export function deepSizeOf(value: CelValue): number {
  if (isList(value))
    return value.reduce<number>((sum, item) => sum + Math.max(1, deepSizeOf(item)), 0)
  if (!(value instanceof CelMap)) return sizeOf(value)
  return value
    .keys()
    .reduce<number>((sum, key) => sum + Math.max(1, deepSizeOf(value.get(key)!)), 0)
}

/** How large a value is for cost; 1 for what has no size. */
export function sizeOf(value: CelValue): number {
  if (typeof value === 'string') return lengthOf(value)
  if (value instanceof Uint8Array || isList(value)) return value.length
  if (value instanceof CelMap) return value.size
  if (value instanceof Optional) return value.value === undefined ? 1 : sizeOf(value.value)
  return 1
}
