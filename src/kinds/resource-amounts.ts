// Resources as plain numbers to reckon with: CPU in thousandths of a core, everything else in whole
// units (bytes, pieces).
import type { Quantity } from './object.ts'
import { milliOf, wholeOf } from './quantity.ts'

export type ResourceAmounts = Record<string, number>

export function amountsOf(quantities: Record<string, Quantity> | undefined): ResourceAmounts {
  const amounts: ResourceAmounts = {}
  for (const [name, quantity] of Object.entries(quantities ?? {}))
    amounts[name] = name === 'cpu' ? milliOf(quantity) : wholeOf(quantity)
  return amounts
}

/** Adds `other` to `amounts`, in place. */
export function addAmounts(amounts: ResourceAmounts, other: ResourceAmounts): void {
  for (const [name, amount] of Object.entries(other)) amounts[name] = (amounts[name] ?? 0) + amount
}

/** Raises `amounts` to at least `other`, in place. */
export function raiseAmounts(amounts: ResourceAmounts, other: ResourceAmounts): void {
  for (const [name, amount] of Object.entries(other))
    amounts[name] = Math.max(amounts[name] ?? 0, amount)
}
