// The functions of the language itself that are no operators or conversions.
import { equals } from '../equality.ts'
import type { CelMap, CelValue } from '../values.ts'
import { lengthOf } from '../values.ts'
import type { Overload } from './define.ts'
import { globalFunction, matching, memberFunction, times, traversal } from './define.ts'
import { isMatch } from './regular-expression.ts'

const contains = (map: CelMap, key: CelValue): boolean => map.get(key) !== undefined
const matches = (text: string, pattern: string): boolean => isMatch(pattern, text)

const sized = [
  ['string', (text: string) => BigInt(lengthOf(text))],
  ['bytes', (bytes: Uint8Array) => BigInt(bytes.length)],
  ['list(A)', (list: readonly CelValue[]) => BigInt(list.length)],
  ['map(A, B)', (map: CelMap) => BigInt(map.size)],
] as const

export const core: readonly Overload[] = [
  globalFunction(
    '@in',
    ['A', 'list(A)'],
    'bool',
    (item, list) => list.some((one) => equals(one, item)),
    {
      cost: (_item, list) => list,
    },
  ),
  globalFunction('@in', ['A', 'map(A, B)'], 'bool', (key, map) => contains(map, key)),
  ...sized.flatMap(([type, size]) => [
    globalFunction('size', [type], 'int', size as (value: unknown) => bigint),
    memberFunction('size', [type], 'int', size as (value: unknown) => bigint),
  ]),
  memberFunction('contains', ['string', 'string'], 'bool', (text, part) => text.includes(part), {
    cost: (text, part) => times(traversal(text), traversal(part)),
  }),
  memberFunction(
    'startsWith',
    ['string', 'string'],
    'bool',
    (text, part) => text.startsWith(part),
    {
      cost: (_text, part) => traversal(part),
    },
  ),
  memberFunction('endsWith', ['string', 'string'], 'bool', (text, part) => text.endsWith(part), {
    cost: (_text, part) => traversal(part),
  }),
  memberFunction('matches', ['string', 'string'], 'bool', matches, { cost: matching }),
  globalFunction('matches', ['string', 'string'], 'bool', matches, { cost: matching }),
]
