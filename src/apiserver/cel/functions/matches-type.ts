// Whether a value can be the argument of a function: what the dispatcher asks while an expression runs.
import type { CelType } from '../types.ts'
import type { CelValue } from '../values.ts'
import {
  CelMap,
  Duration,
  isList,
  Opaque,
  Optional,
  Timestamp,
  TypeValue,
  Uint,
} from '../values.ts'

export function matchesType(value: CelValue, type: CelType): boolean {
  switch (type.kind) {
    case 'dyn':
    case 'parameter':
      return true
    case 'null':
      return value === null
    case 'bool':
      return typeof value === 'boolean'
    case 'int':
      return typeof value === 'bigint'
    case 'uint':
      return value instanceof Uint
    case 'double':
      return typeof value === 'number'
    case 'string':
      return typeof value === 'string'
    case 'bytes':
      return value instanceof Uint8Array
    case 'duration':
      return value instanceof Duration
    case 'timestamp':
      return value instanceof Timestamp
    case 'list':
      return (
        isList(value) &&
        (isAny(type.element) || value.every((one) => matchesType(one, type.element)))
      )
    case 'map':
    case 'object':
      return value instanceof CelMap
    case 'optional':
      return value instanceof Optional
    case 'type':
      return value instanceof TypeValue
    case 'opaque':
      return value instanceof Opaque && value.typeName === type.name
  }
}

const isAny = ({ kind }: CelType): boolean => kind === 'dyn' || kind === 'parameter'
