// Kubernetes' `jsonpatch.escapeKey(...)`.
import type { Overload } from './define.ts'
import { globalFunction, traversal } from './define.ts'

export const jsonPatch: readonly Overload[] = [
  globalFunction(
    'jsonpatch.escapeKey',
    ['string'],
    'string',
    (key) => key.replaceAll('~', '~0').replaceAll('/', '~1'),
    { cost: traversal, sizeMax: (size) => size * 2 },
  ),
]
