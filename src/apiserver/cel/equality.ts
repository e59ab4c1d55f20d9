// Equality and order of CEL values: numbers compare by value whatever their kind, and what cannot be
// compared is different, not wrong.
import type { CelList, CelValue } from './values.ts'
import {
  CelMap,
  Duration,
  isList,
  Opaque,
  Optional,
  Timestamp,
  TypeValue,
  typeNameOf,
  Uint,
} from './values.ts'

export interface ListRule {
  type: 'set' | 'map'
  keys: readonly string[]
}

/** Lists that schemas declare as sets or maps: their order does not count. */
export const listRules = new WeakMap<object, ListRule>()

export function equals(one: CelValue, other: CelValue): boolean {
  if (one === other) return true
  const number = compareNumbers(one, other)
  if (number !== undefined) return number === 0
  if (isList(one)) return isList(other) && equalLists(one, other)
  if (one instanceof CelMap) return other instanceof CelMap && equalMaps(one, other)
  if (one instanceof Uint8Array)
    return other instanceof Uint8Array && Buffer.compare(one, other) === 0
  if (one instanceof Duration || one instanceof Timestamp)
    return other instanceof one.constructor && one.nanoseconds === (other as Duration).nanoseconds
  if (one instanceof Optional) return other instanceof Optional && equalOptionals(one, other)
  if (one instanceof TypeValue) return other instanceof TypeValue && one.typeName === other.typeName
  return one instanceof Opaque && other instanceof Opaque && one.equals(other)
}

function equalLists(one: CelList, other: CelList): boolean {
  if (one.length !== other.length) return false
  const rule = listRules.get(one) ?? listRules.get(other)
  if (rule === undefined) return one.every((item, index) => equals(item, other[index]!))
  return equalByIdentity(one, other, rule)
}

/** Without order: by what makes an element the one it is, so that long lists take no longer than their length. */
function equalByIdentity(one: CelList, other: CelList, rule: ListRule): boolean {
  const found = new Map(other.map((item) => [identityOf(item, rule), item]))
  if (found.size !== new Set(one.map((item) => identityOf(item, rule))).size) return false
  return one.every((item) => {
    const match = found.get(identityOf(item, rule))
    return match !== undefined && (rule.type === 'set' || equals(item, match))
  })
}

/** Equal for elements that are one in a list of this rule. */
export function identityOf(item: CelValue, { type, keys }: ListRule): string {
  if (type === 'set' || !(item instanceof CelMap)) return canonicalText(item)
  return keys.map((key) => canonicalText(item.get(key) ?? null)).join(' ')
}

function canonicalText(value: CelValue): string {
  if (typeof value === 'string') return JSON.stringify(value)
  const number = numeric(value)
  if (number !== undefined) return String(number)
  if (isList(value)) return `[${value.map(canonicalText).join()}]`
  if (value instanceof CelMap) {
    const entries = value
      .keys()
      .map((key) => `${canonicalText(key)}:${canonicalText(value.get(key)!)}`)
    return `{${entries.toSorted().join()}}`
  }
  if (value instanceof Duration || value instanceof Timestamp) return `t${value.nanoseconds}`
  if (value instanceof Uint8Array) return `b${Buffer.from(value).toString('hex')}`
  return value === null || typeof value === 'boolean' ? String(value) : typeNameOf(value)
}

function equalMaps(one: CelMap, other: CelMap): boolean {
  if (one.size !== other.size) return false
  return one.keys().every((key) => {
    const value = other.get(key)
    return value !== undefined && equals(one.get(key)!, value)
  })
}

const equalOptionals = (one: Optional, other: Optional): boolean =>
  one.value === undefined || other.value === undefined
    ? one.value === other.value
    : equals(one.value, other.value)

function numeric(value: CelValue): bigint | number | undefined {
  if (typeof value === 'bigint' || typeof value === 'number') return value
  return value instanceof Uint ? value.value : undefined
}

/** Below 0, 0 or above 0; NaN when one is; undefined unless both are numbers. */
function compareNumbers(one: CelValue, other: CelValue): number | undefined {
  const left = numeric(one)
  const right = numeric(other)
  if (left === undefined || right === undefined) return undefined
  // JavaScript compares a bigint with a number exactly.
  if (left < right) return -1
  if (left > right) return 1
  return Number.isNaN(left) || Number.isNaN(right) ? Number.NaN : 0
}

/** As `equals` orders: undefined for what has no order. */
export function compare(one: CelValue, other: CelValue): number | undefined {
  const number = compareNumbers(one, other)
  if (number !== undefined) return number
  if (typeof one === 'string' && typeof other === 'string')
    return Buffer.compare(Buffer.from(one), Buffer.from(other))
  if (typeof one === 'boolean' && typeof other === 'boolean') return Number(one) - Number(other)
  if (one instanceof Uint8Array && other instanceof Uint8Array) return Buffer.compare(one, other)
  const isTimes =
    (one instanceof Duration && other instanceof Duration) ||
    (one instanceof Timestamp && other instanceof Timestamp)
  if (!isTimes) return undefined
  if (one.nanoseconds === other.nanoseconds) return 0
  return one.nanoseconds < other.nanoseconds ? -1 : 1
}
