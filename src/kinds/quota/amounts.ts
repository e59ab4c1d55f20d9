// Arithmetic over lists of resources, exact and in the notation they were written in.
import type { Quantity } from '../object.ts'
import {
  addQuantities,
  compareQuantities,
  isZeroQuantity,
  subtractQuantities,
} from '../quantity.ts'

export type Amounts = Readonly<Record<string, Quantity>>

/** The sum; what only one of them has is taken as it is. */
export function addAll(a: Amounts, b: Amounts): Record<string, Quantity> {
  const sum = { ...a }
  for (const [name, amount] of Object.entries(b)) {
    const known = sum[name]
    sum[name] = known === undefined ? amount : addQuantities(known, amount)
  }
  return sum
}

/** The larger of each. */
export function maxOfEach(a: Amounts, b: Amounts): Record<string, Quantity> {
  const most = { ...a }
  for (const [name, amount] of Object.entries(b)) {
    const known = most[name]
    if (known === undefined || compareQuantities(amount, known) > 0) most[name] = amount
  }
  return most
}

/** How much `a` is above `b`, of each resource of which it is. */
export function excess(a: Amounts, b: Amounts): Record<string, Quantity> {
  const above: Record<string, Quantity> = {}
  for (const [name, amount] of Object.entries(a)) {
    const known = b[name] ?? '0'
    if (compareQuantities(amount, known) > 0) above[name] = subtractQuantities(amount, known)
  }
  return above
}

export function pickAmounts(
  amounts: Amounts,
  isWanted: (name: string) => boolean,
): Record<string, Quantity> {
  return Object.fromEntries(Object.entries(amounts).filter(([name]) => isWanted(name)))
}

export const withoutZeros = (amounts: Amounts): Record<string, Quantity> =>
  pickAmounts(amounts, (name) => !isZeroQuantity(amounts[name] ?? '0'))

/** Whether both name the same resources in the same amounts. */
export function equalAmounts(a: Amounts, b: Amounts): boolean {
  const names = Object.keys(a)
  return (
    names.length === Object.keys(b).length &&
    names.every((name) => {
      const [left, right] = [a[name], b[name]]
      return left !== undefined && right !== undefined && compareQuantities(left, right) === 0
    })
  )
}
