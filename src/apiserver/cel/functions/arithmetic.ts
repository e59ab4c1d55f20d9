// The operators on numbers, times, strings and lists.
import type { CelList, CelValue, Duration, Timestamp } from '../values.ts'
import { CelError, noSuchOverload, Uint } from '../values.ts'
import { compare, equals, identityOf, listRules } from '../equality.ts'
import type { Overload } from './define.ts'
import { globalFunction, traversal } from './define.ts'
import { checkDuration, checkTimestamp } from './times.ts'

const INT_MIN = -(2n ** 63n)
const INT_MAX = 2n ** 63n - 1n
const UINT_MAX = 2n ** 64n - 1n

export function checkInt(value: bigint, what = 'integer overflow'): bigint {
  if (value < INT_MIN || value > INT_MAX) throw new CelError(what)
  return value
}

export function checkUint(value: bigint, what = 'unsigned integer overflow'): Uint {
  if (value < 0n || value > UINT_MAX) throw new CelError(what)
  return new Uint(value)
}

const nonZero = (divisor: bigint, what: string): bigint => {
  if (divisor === 0n) throw new CelError(what)
  return divisor
}

interface Arithmetic {
  operator: string
  onInt: (one: bigint, other: bigint) => bigint
  onDouble?: (one: number, other: number) => number
}

const ARITHMETIC: readonly Arithmetic[] = [
  { operator: '_+_', onInt: (a, b) => a + b, onDouble: (a, b) => a + b },
  { operator: '_-_', onInt: (a, b) => a - b, onDouble: (a, b) => a - b },
  { operator: '_*_', onInt: (a, b) => a * b, onDouble: (a, b) => a * b },
  {
    operator: '_/_',
    onInt: (a, b) => a / nonZero(b, 'division by zero'),
    onDouble: (a, b) => a / b,
  },
  { operator: '_%_', onInt: (a, b) => a % nonZero(b, 'modulus by zero') },
]

const numbers: Overload[] = ARITHMETIC.flatMap(({ operator, onInt, onDouble }) => [
  globalFunction(operator, ['int', 'int'], 'int', (a, b) => checkInt(onInt(a, b))),
  globalFunction(operator, ['uint', 'uint'], 'uint', (a, b) => checkUint(onInt(a.value, b.value))),
  ...(onDouble === undefined
    ? []
    : [globalFunction(operator, ['double', 'double'], 'double', onDouble)]),
])

const later = (time: Timestamp, { nanoseconds }: Duration) =>
  checkTimestamp(time.nanoseconds + nanoseconds)

const times: Overload[] = [
  globalFunction('_+_', ['timestamp', 'duration'], 'timestamp', later),
  globalFunction('_+_', ['duration', 'timestamp'], 'timestamp', (a, b) => later(b, a)),
  globalFunction('_+_', ['duration', 'duration'], 'duration', (a, b) =>
    checkDuration(a.nanoseconds + b.nanoseconds),
  ),
  globalFunction('_-_', ['timestamp', 'duration'], 'timestamp', (a, b) =>
    checkTimestamp(a.nanoseconds - b.nanoseconds),
  ),
  globalFunction('_-_', ['timestamp', 'timestamp'], 'duration', (a, b) =>
    checkDuration(a.nanoseconds - b.nanoseconds),
  ),
  globalFunction('_-_', ['duration', 'duration'], 'duration', (a, b) =>
    checkDuration(a.nanoseconds - b.nanoseconds),
  ),
]

const joinedCost = {
  cost: (a: number, b: number) => traversal(a + b),
  sizeMax: (a: number, b: number) => a + b,
}

const joining: Overload[] = [
  globalFunction('_+_', ['string', 'string'], 'string', (a, b) => a + b, joinedCost),
  globalFunction('_+_', ['bytes', 'bytes'], 'bytes', (a, b) => Buffer.concat([a, b]), joinedCost),
  globalFunction('_+_', ['list(A)', 'list(A)'], 'list(A)', joinLists, {
    sizeMax: (a, b) => a + b,
  }),
]

/** Lists declared as sets or maps are merged by what makes their elements one. */
function joinLists(one: CelList, other: CelList): CelList {
  const rule = listRules.get(one)
  if (rule === undefined) return [...one, ...other]
  const joined = [...one]
  const places = new Map(one.map((item, at) => [identityOf(item, rule), at]))
  for (const item of other) {
    const id = identityOf(item, rule)
    const at = places.get(id)
    if (at === undefined) {
      places.set(id, joined.length)
      joined.push(item)
    } else if (rule.type === 'map') joined[at] = item
  }
  listRules.set(joined, rule)
  return joined
}

const unary: Overload[] = [
  globalFunction('!_', ['bool'], 'bool', (a) => !a),
  globalFunction('-_', ['int'], 'int', (a) => checkInt(-a)),
  globalFunction('-_', ['double'], 'double', (a) => -a),
]

const ORDERS: Readonly<Record<string, (order: number) => boolean>> = {
  '_<_': (order) => order < 0,
  '_<=_': (order) => order <= 0,
  '_>_': (order) => order > 0,
  '_>=_': (order) => order >= 0,
}

const NUMERIC = ['int', 'uint', 'double'] as const
const ORDERED: readonly (readonly [string, string])[] = [
  ...NUMERIC.flatMap((one) => NUMERIC.map((other) => [one, other] as const)),
  ...['bool', 'string', 'bytes', 'duration', 'timestamp'].map((one) => [one, one] as const),
]

const ordering: Overload[] = Object.entries(ORDERS).flatMap(([operator, holds]) =>
  ORDERED.map(([one, other]) => {
    const cost =
      one === 'string' || one === 'bytes'
        ? (a: number, b: number) => traversal(Math.min(a, b))
        : () => 1
    const run = (...[a, b]: readonly CelValue[]): CelValue => {
      const order = compare(a!, b!)
      if (order === undefined) throw noSuchOverload()
      return holds(order)
    }
    return globalFunction(operator, [one, other], 'bool', run as () => CelValue, { cost })
  }),
)

const equality = { cost: (a: number, b: number) => traversal(Math.min(a, b)) }

const comparing: Overload[] = [
  globalFunction('_==_', ['A', 'A'], 'bool', equals, equality),
  globalFunction('_!=_', ['A', 'A'], 'bool', (a, b) => !equals(a, b), equality),
]

export const arithmetic: readonly Overload[] = [
  ...numbers,
  ...times,
  ...joining,
  ...unary,
  ...ordering,
  ...comparing,
]
