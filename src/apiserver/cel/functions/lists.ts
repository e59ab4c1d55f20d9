// Kubernetes' functions on lists, and those of the extension library "lists" that its environment has.
import { compare, equals } from '../equality.ts'
import type { CelList, CelValue } from '../values.ts'
import { CelError, Duration, isList, noSuchOverload, Uint } from '../values.ts'
import { checkInt, checkUint } from './arithmetic.ts'
import type { Overload } from './define.ts'
import { globalFunction, memberFunction, times } from './define.ts'
import { checkDuration } from './times.ts'

const COMPARABLE = [
  'int',
  'uint',
  'double',
  'bool',
  'duration',
  'timestamp',
  'string',
  'bytes',
] as const

function order(one: CelValue, other: CelValue): number {
  const result = compare(one, other)
  if (result === undefined) throw noSuchOverload()
  return result
}

const isSorted = (list: CelList): boolean =>
  list.every((item, at) => at === 0 || order(list[at - 1]!, item) <= 0)

function extreme(list: CelList, name: string, sign: number): CelValue {
  if (list.length === 0) throw new CelError(`${name} called on empty list`)
  return list.reduce((best, item) => (order(item, best) * sign > 0 ? item : best))
}

function add(one: CelValue, other: CelValue): CelValue {
  if (typeof one === 'bigint' && typeof other === 'bigint') return checkInt(one + other)
  if (typeof one === 'number' && typeof other === 'number') return one + other
  if (one instanceof Uint && other instanceof Uint) return checkUint(one.value + other.value)
  if (one instanceof Duration && other instanceof Duration)
    return checkDuration(one.nanoseconds + other.nanoseconds)
  throw noSuchOverload()
}

const ZERO: Readonly<Record<string, CelValue>> = {
  int: 0n,
  uint: new Uint(0n),
  double: 0,
  duration: new Duration(0n),
}

function flatten(list: CelList, depth: bigint): CelValue[] {
  if (depth < 0n) throw new CelError('level must be non-negative')
  return list.flatMap((item): CelValue[] =>
    isList(item) && depth > 0n ? flatten(item, depth - 1n) : [item],
  )
}

function slice(list: CelList, start: bigint, end: bigint): CelList {
  if (start < 0n || end < 0n)
    throw new CelError(`cannot slice(${start}, ${end}), negative indexes not supported`)
  if (start > end)
    throw new CelError(
      `cannot slice(${start}, ${end}), start index must be less than or equal to end index`,
    )
  if (end > list.length)
    throw new CelError(`cannot slice(${start}, ${end}), list is length ${list.length}`)
  return list.slice(Number(start), Number(end))
}

const distinct = (list: CelList): CelList =>
  list.filter((item, at) => list.findIndex((other) => equals(item, other)) === at)

const includes = (list: CelList, item: CelValue): boolean => list.some((one) => equals(one, item))
const includesAll = (list: CelList, items: CelList): boolean =>
  items.every((one) => includes(list, one))

const each = { cost: (size: number) => size }
/** Text is compared character by character. */
const eachText = {
  cost: (count: number, size: number) => times(count, 1 + Math.ceil(size * 0.1)),
  usesElements: true,
} as const
const ofSize = { cost: (size: number) => size, sizeMax: (size: number) => size }
const pairs = { cost: (one: number, other: number) => times(one, other) }
const RANGE_MAX = 1_000_000n

function range(count: bigint): CelList {
  if (count > RANGE_MAX) throw new CelError(`lists.range is limited to ${RANGE_MAX} elements`)
  return Array.from({ length: Math.max(0, Number(count)) }, (_, at) => BigInt(at))
}

export const lists: readonly Overload[] = [
  ...COMPARABLE.flatMap((type) => {
    const looking = type === 'string' || type === 'bytes' ? eachText : each
    return [
      memberFunction(
        'isSorted',
        [`list(${type})`],
        'bool',
        (list) => isSorted(list as CelList),
        looking,
      ),
      memberFunction(
        'min',
        [`list(${type})`],
        type,
        (list) => extreme(list as CelList, 'min', -1),
        looking,
      ),
      memberFunction(
        'max',
        [`list(${type})`],
        type,
        (list) => extreme(list as CelList, 'max', 1),
        looking,
      ),
      memberFunction(
        'sort',
        [`list(${type})`],
        `list(${type})`,
        (list) => (list as CelList).toSorted(order),
        {
          ...looking,
          sizeMax: (count) => count,
        },
      ),
    ]
  }),
  ...Object.entries(ZERO).map(([type, zero]) =>
    memberFunction(
      'sum',
      [`list(${type})`],
      type,
      (list) => (list as unknown as CelList).reduce(add, zero),
      each,
    ),
  ),
  memberFunction(
    'indexOf',
    ['list(A)', 'A'],
    'int',
    (list, item) => BigInt(list.findIndex((one) => equals(one, item))),
    each,
  ),
  memberFunction(
    'lastIndexOf',
    ['list(A)', 'A'],
    'int',
    (list, item) => BigInt(list.findLastIndex((one) => equals(one, item))),
    each,
  ),
  memberFunction('slice', ['list(A)', 'int', 'int'], 'list(A)', slice, ofSize),
  memberFunction('flatten', ['list(list(A))'], 'list(A)', (list) => flatten(list, 1n), {
    cost: (size) => size,
  }),
  memberFunction('flatten', ['list(dyn)', 'int'], 'list(dyn)', flatten, { cost: (size) => size }),
  memberFunction('distinct', ['list(A)'], 'list(A)', distinct, {
    cost: (size) => times(size, size),
    sizeMax: (size) => size,
  }),
  memberFunction('reverse', ['list(A)'], 'list(A)', (list) => list.toReversed(), ofSize),
  globalFunction('lists.range', ['int'], 'list(int)', range, { cost: () => 1 }),
  memberFunction('includes', ['list(A)', 'A'], 'bool', includes, each),
  globalFunction('sets.contains', ['list(A)', 'list(A)'], 'bool', includesAll, pairs),
  globalFunction(
    'sets.equivalent',
    ['list(A)', 'list(A)'],
    'bool',
    (a, b) => includesAll(a, b) && includesAll(b, a),
    pairs,
  ),
  globalFunction(
    'sets.intersects',
    ['list(A)', 'list(A)'],
    'bool',
    (a, b) => a.some((one) => includes(b, one)),
    pairs,
  ),
]
