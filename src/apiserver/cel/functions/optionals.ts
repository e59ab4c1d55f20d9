// Optional values: what `a.?b` and `m[?k]` give, and their functions.
import { CelMap, CelError, Duration, isList, NONE, Optional, Timestamp, Uint } from '../values.ts'
import type { CelValue } from '../values.ts'
import type { Overload } from './define.ts'
import { globalFunction, memberFunction } from './define.ts'

function valueOf({ value }: Optional): CelValue {
  if (value === undefined) throw new CelError('optional.none() dereference')
  return value
}

function isZero(value: CelValue): boolean {
  if (value === null || value === false || value === '' || value === 0 || value === 0n) return true
  if (isList(value) || value instanceof Uint8Array) return value.length === 0
  if (value instanceof CelMap) return value.size === 0
  if (value instanceof Uint) return value.value === 0n
  if (value instanceof Duration || value instanceof Timestamp) return value.nanoseconds === 0n
  return value instanceof Optional && value.value === undefined
}

const first = (list: readonly CelValue[], at: number) =>
  list.length === 0 ? NONE : new Optional(list.at(at))

export const optionals: readonly Overload[] = [
  globalFunction('optional.of', ['A'], 'optional(A)', (value) => new Optional(value)),
  globalFunction('optional.none', [], 'optional(A)', () => NONE),
  globalFunction('optional.ofNonZeroValue', ['A'], 'optional(A)', (value) =>
    isZero(value) ? NONE : new Optional(value),
  ),
  globalFunction('optional.unwrap', ['list(optional(A))'], 'list(A)', unwrap),
  memberFunction('unwrapOpt', ['list(optional(A))'], 'list(A)', unwrap),
  memberFunction('hasValue', ['optional(A)'], 'bool', ({ value }) => value !== undefined),
  memberFunction('value', ['optional(A)'], 'A', valueOf),
  memberFunction(
    'orValue',
    ['optional(A)', 'A'],
    'A',
    ({ value }, other) => value ?? givenNull(value, other),
  ),
  memberFunction('or', ['optional(A)', 'optional(A)'], 'optional(A)', (one, other) =>
    one.value === undefined ? other : one,
  ),
  memberFunction('first', ['list(A)'], 'optional(A)', (list) => first(list, 0)),
  memberFunction('last', ['list(A)'], 'optional(A)', (list) => first(list, -1)),
]

/** Null is a value: only what is not there is replaced. */
const givenNull = (value: CelValue | undefined, other: CelValue): CelValue =>
  value === null ? value : other

function unwrap(list: readonly CelValue[]): CelValue {
  return list.flatMap((one) =>
    one instanceof Optional && one.value !== undefined ? [one.value] : [],
  ) as CelValue
}
