// Fields of objects and elements of lists and maps.
import type { CelList, CelValue } from '../values.ts'
import {
  CelError,
  CelMap,
  isList,
  noSuchKey,
  noSuchOverload,
  NONE,
  Optional,
  showKey,
  Uint,
} from '../values.ts'

export function fieldOf(value: CelValue, field: string): CelValue {
  if (value instanceof CelMap) {
    const found = value.get(field)
    if (found === undefined) throw noSuchKey(field)
    return found
  }
  if (value instanceof Optional) return optionalField(value, field)
  throw noSuchOverload()
}

export function isSet(value: CelValue, field: string): boolean {
  if (value instanceof CelMap) return value.get(field) !== undefined
  if (value instanceof Optional) return value.value !== undefined && isSet(value.value, field)
  throw noSuchOverload()
}

export function optionalField(value: CelValue, field: string): CelValue {
  if (value instanceof Optional)
    return value.value === undefined ? NONE : optionalField(value.value, field)
  if (!(value instanceof CelMap)) throw noSuchOverload()
  return asOptional(value.get(field))
}

const asOptional = (value: CelValue | undefined): Optional =>
  value === undefined ? NONE : new Optional(value)

function indexOf(key: CelValue): number | undefined {
  if (typeof key === 'bigint') return Number(key)
  if (key instanceof Uint) return Number(key.value)
  return typeof key === 'number' && Number.isInteger(key) ? key : undefined
}

function find(value: CelList | CelMap, key: CelValue): CelValue | undefined {
  if (value instanceof CelMap) return value.get(key)
  const index = indexOf(key)
  if (index === undefined) throw noSuchOverload()
  return value[index]
}

export function itemAt(value: CelValue, key: CelValue): CelValue {
  if (value instanceof Optional) return optionalItem(value, key)
  if (!isList(value) && !(value instanceof CelMap)) throw noSuchOverload()
  const found = find(value, key)
  if (found !== undefined) return found
  throw isList(value)
    ? new CelError(`index out of bounds: ${showKey(key)}`)
    : noSuchKey(showKey(key))
}

export function optionalItem(value: CelValue, key: CelValue): CelValue {
  if (value instanceof Optional)
    return value.value === undefined ? NONE : optionalItem(value.value, key)
  if (!isList(value) && !(value instanceof CelMap)) throw noSuchOverload()
  return asOptional(find(value, key))
}
