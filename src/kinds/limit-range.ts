import type { LimitRange, LimitRangeItem } from './k8s/core.ts'
import type { Quantity } from './object.ts'
import { createdColumn, nameColumn } from './columns.ts'
import { defineKind } from './define-kind.ts'
import { canonicalizeQuantities } from './quantity.ts'
import { limitRanges } from './refs.ts'
import { validateLimitRange } from './validate/limit-range.ts'

export type { LimitRange } from './k8s/core.ts'

/** Of a container, a limit left out is the most there may be, and a request the limit, or the least. */
function defaultItem(item: LimitRangeItem): void {
  const { max, min, maxLimitRequestRatio } = item
  for (const amounts of [max, min, item.default, item.defaultRequest, maxLimitRequestRatio])
    canonicalizeQuantities(amounts)
  if (item.type !== 'Container') return
  const limits = { ...max, ...item.default }
  const requests = { ...min, ...limits, ...item.defaultRequest }
  setUnlessEmpty(item, 'default', limits)
  setUnlessEmpty(item, 'defaultRequest', requests)
}

function setUnlessEmpty(
  item: LimitRangeItem,
  key: 'default' | 'defaultRequest',
  amounts: Record<string, Quantity>,
): void {
  if (Object.keys(amounts).length > 0) item[key] = amounts
}

export const limitRangeKind = defineKind<LimitRange>({
  ref: limitRanges,
  schema: 'io.k8s.api.core.v1.LimitRange',
  shortNames: ['limits'],
  defaults({ spec }) {
    for (const item of spec?.limits ?? []) defaultItem(item)
  },
  validate: validateLimitRange,
  columns: [nameColumn, createdColumn],
})
