// Types of literals, and the names of types that expressions may use as values.
import type { CelType } from '../types.ts'
import {
  BOOL,
  BYTES,
  DOUBLE,
  DURATION,
  DYN,
  INT,
  listOf,
  mapOf,
  NULL,
  optionalOf,
  STRING,
  TIMESTAMP,
  UINT,
} from '../types.ts'
import type { CelValue } from '../values.ts'
import { lengthOf, Uint } from '../values.ts'

export const TYPE_NAMES: Readonly<Record<string, CelType>> = {
  bool: BOOL,
  int: INT,
  uint: UINT,
  double: DOUBLE,
  string: STRING,
  bytes: BYTES,
  list: listOf(DYN),
  map: mapOf(DYN, DYN),
  null_type: NULL,
  type: { kind: 'type', of: DYN },
  optional_type: optionalOf(DYN),
  'google.protobuf.Timestamp': TIMESTAMP,
  'google.protobuf.Duration': DURATION,
}

export function literalType(value: CelValue): CelType {
  if (value === null) return NULL
  if (typeof value === 'string') return { kind: 'string', sizeMax: lengthOf(value) }
  if (typeof value === 'boolean') return BOOL
  if (typeof value === 'bigint') return INT
  if (typeof value === 'number') return DOUBLE
  if (value instanceof Uint) return UINT
  if (value instanceof Uint8Array) return { kind: 'bytes', sizeMax: value.length }
  throw new TypeError('the parser makes no other literals')
}
