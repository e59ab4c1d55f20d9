// The types of CEL expressions. A type also knows how large its values can become, because the cost of
// an expression is estimated before it has ever run.

/** `sizeMax`: characters of a string, bytes of bytes, elements of a list or map. Absent: no bound is known. */
export type CelType =
  | { kind: Simple; sizeMax?: number }
  | { kind: 'list'; element: CelType; sizeMax?: number }
  | { kind: 'map'; key: CelType; value: CelType; sizeMax?: number }
  | { kind: 'optional'; value: CelType }
  | { kind: 'type'; of: CelType }
  | ObjectType
  /** A type of an extension library, such as "net.IP". */
  | { kind: 'opaque'; name: string; sizeMax?: number }
  /** Stands for any one type in the signature of a function. */
  | { kind: 'parameter'; name: string }

type Simple =
  | 'dyn'
  | 'null'
  | 'bool'
  | 'int'
  | 'uint'
  | 'double'
  | 'string'
  | 'bytes'
  | 'duration'
  | 'timestamp'

export interface ObjectType {
  kind: 'object'
  name: string
  /** By the name under which CEL sees the field. */
  field(name: string): CelType | undefined
  /** The name under which the object has the field: some names cannot be written in CEL. */
  propertyOf(name: string): string
}

const simple = (kind: Simple): CelType => ({ kind })

export const DYN = simple('dyn')
export const NULL = simple('null')
export const BOOL = simple('bool')
export const INT = simple('int')
export const UINT = simple('uint')
export const DOUBLE = simple('double')
export const STRING = simple('string')
export const BYTES = simple('bytes')
export const DURATION = simple('duration')
export const TIMESTAMP = simple('timestamp')

export const listOf = (element: CelType, sizeMax?: number): CelType => ({
  kind: 'list',
  element,
  ...(sizeMax === undefined ? {} : { sizeMax }),
})

export const mapOf = (key: CelType, value: CelType, sizeMax?: number): CelType => ({
  kind: 'map',
  key,
  value,
  ...(sizeMax === undefined ? {} : { sizeMax }),
})

export const optionalOf = (value: CelType): CelType => ({ kind: 'optional', value })

export const opaque = (name: string): CelType => ({ kind: 'opaque', name })

/** An object whose fields have these types, under the names that CEL sees. */
export function objectType(name: string, fields: Readonly<Record<string, CelType>>): ObjectType {
  return {
    kind: 'object',
    name,
    field: (field) => (Object.hasOwn(fields, field) ? fields[field] : undefined),
    propertyOf: (field) => field,
  }
}

/** As the messages of the checker name it. */
export function formatType(type: CelType): string {
  switch (type.kind) {
    case 'list':
      return `list(${formatType(type.element)})`
    case 'map':
      return `map(${formatType(type.key)}, ${formatType(type.value)})`
    case 'optional':
      return `optional_type(${formatType(type.value)})`
    case 'type':
      return `type(${formatType(type.of)})`
    case 'object':
    case 'opaque':
    case 'parameter':
      return type.name
    default:
      return type.kind
  }
}

const UNKNOWN_SIZE = Number.POSITIVE_INFINITY

/** The largest size of a value of the type; 1 for what has no size. */
export function sizeMaxOf(type: CelType): number {
  switch (type.kind) {
    case 'string':
    case 'bytes':
    case 'list':
    case 'map':
    case 'dyn':
      return type.sizeMax ?? UNKNOWN_SIZE
    case 'object':
      return 0
    case 'optional':
    case 'type':
    case 'parameter':
      return 1
    default:
      return type.sizeMax ?? 1
  }
}

/** The largest sizes of values of the types, and with them that of the first one's elements. */
export function sizesMaxOf(types: readonly CelType[], withElements: boolean): number[] {
  const sizes = types.map(sizeMaxOf)
  const [first] = types
  if (withElements) sizes.push(first?.kind === 'list' ? sizeMaxOf(first.element) : 1)
  return sizes
}

/** The type where nothing is known of its sizes. */
export function unsized(type: CelType): CelType {
  if (!('sizeMax' in type)) return type
  const { sizeMax: _sizeMax, ...rest } = type
  return rest as CelType
}
