// What the parts of an expression cost, estimated and run: the figures of cel-go, so that a definition is
// accepted here exactly when Kubernetes accepts it.
import type { FoldKind } from '../syntax/expression.ts'

export const costs = {
  /** A variable, a field, an element. */
  access: 1,
  createList: 10,
  createMap: 30,
  createStruct: 40,
} as const

export interface FoldCost {
  /** What it begins with: estimated, but made only once for all runs. */
  start: number
  /** Each element, beside what its condition and body cost. */
  each: number
  /** An element that goes into the result. */
  taken: number
  /** Seeing that the rest need not be looked at. */
  stop: number
  end: number
}

// cel-go expands macros into loops over an accumulator: these are the steps of that loop.
const deciding = (each: number, stop: number): FoldCost => ({
  start: 0,
  each,
  taken: 0,
  stop,
  end: 1,
})
const collecting = (taken: number): FoldCost => ({ start: 10, each: 0, taken, stop: 0, end: 1 })
const mapping: FoldCost = { start: 30, each: 0, taken: 3, stop: 0, end: 1 }

export const foldCosts: Readonly<Record<FoldKind, FoldCost>> = {
  all: deciding(3, 2),
  exists: deciding(4, 3),
  exists_one: { start: 0, each: 0, taken: 2, stop: 0, end: 2 },
  map: collecting(12),
  filter: collecting(13),
  transformList: collecting(12),
  transformMap: mapping,
  transformMapEntry: mapping,
}
