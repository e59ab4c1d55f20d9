// The order of a merged list: elements the patch names come in the order it gives, the others keep
// their place relative to their old neighbours.
import { isRecord } from '../body.ts'
import { goText } from './go-text.ts'
import { ElementOrderError } from './patch-error.ts'

export interface KeyedOrder {
  key: string
  merged: Record<string, unknown>[]
  /** `$setElementOrder`: objects with only the merge key. */
  order: readonly unknown[]
  patched: readonly Record<string, unknown>[]
  before: readonly unknown[]
}

export function orderByKeys({ key, merged, order, patched, before }: KeyedOrder): unknown[] {
  const wanted = order.map((one) => (isRecord(one) ? one[key] : undefined))
  checkOrder(patched, order, wanted, key)
  const byId = new Map(merged.map((one) => [one[key], one]))
  const ids = orderedBy(
    [...byId.keys()],
    wanted,
    before.filter(isRecord).map((one) => one[key]),
  )
  return ids.map((id) => byId.get(id))
}

/** The patch's own list must not contradict the order it asks for. */
function checkOrder(
  patched: readonly Record<string, unknown>[],
  order: readonly unknown[],
  wanted: readonly unknown[],
  key: string,
): void {
  let last = -1
  for (const item of patched) {
    if (item['$patch'] === 'delete') continue
    const at = wanted.indexOf(item[key], last + 1)
    if (at < 0)
      throw new ElementOrderError(
        `The order in patch list:\n${goText(patched)}\n doesn't match $setElementOrder list:\n${goText(order)}\n`,
      )
    last = at
  }
}

/**
 * Elements named in `order` come in that order, the others in their old one. Between the two a named
 * element comes first, unless both were there before and stood the other way round.
 */
export function orderedBy(
  items: readonly unknown[],
  order: readonly unknown[],
  before: readonly unknown[],
): unknown[] {
  const rank = new Map(order.map((one, index) => [one, index]))
  const old = new Map(before.map((one, index) => [one, index]))
  const named = items.filter((one) => rank.has(one)).toSorted((a, b) => rank.get(a)! - rank.get(b)!)
  const others = items
    .filter((one) => !rank.has(one))
    .toSorted((a, b) => (old.get(a) ?? 0) - (old.get(b) ?? 0))
  const result: unknown[] = []
  let next = 0
  for (const other of others) {
    const place = old.get(other)
    while (next < named.length && !(place !== undefined && place < (old.get(named[next]) ?? -1)))
      result.push(named[next++])
    result.push(other)
  }
  return [...result, ...named.slice(next)]
}
