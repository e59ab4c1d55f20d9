// Kubernetes' `find` and `findAll`.
import type { Overload } from './define.ts'
import { matching, memberFunction } from './define.ts'
import { findMatches } from './regular-expression.ts'

const countOf = (count: bigint): number => (count < 0n ? Number.POSITIVE_INFINITY : Number(count))

const figures = { cost: matching, sizeMax: (size: number) => size }

export const regex: readonly Overload[] = [
  memberFunction(
    'find',
    ['string', 'string'],
    'string',
    (text, pattern) => findMatches(pattern, text, 1)[0] ?? '',
    figures,
  ),
  memberFunction(
    'findAll',
    ['string', 'string'],
    'list(string)',
    (text, pattern) => findMatches(pattern, text, Number.POSITIVE_INFINITY),
    figures,
  ),
  memberFunction(
    'findAll',
    ['string', 'string', 'int'],
    'list(string)',
    (text, pattern, count) => findMatches(pattern, text, countOf(count)),
    figures,
  ),
]
