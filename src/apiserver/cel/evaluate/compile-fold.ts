// The macros over lists and maps.
import type { Fold } from '../syntax/expression.ts'
import type { CelValue } from '../values.ts'
import { CelError, CelMap, EntryMap, isList, noSuchOverload, sizeOf } from '../values.ts'
import type { Compiler } from './compile.ts'
import type { FoldCost } from './costs.ts'
import { foldCosts } from './costs.ts'
import type { Frame, Run } from './frame.ts'

interface Loop {
  kind: Fold['macro']
  range: Run
  slots: readonly number[]
  condition: Run | undefined
  body: Run
  cost: FoldCost
}

export function compileFold(compiler: Compiler, fold: Fold): Run {
  const range = compiler.compile(fold.range)
  return compiler.within(fold.names, (slots) => {
    const condition = fold.condition === undefined ? undefined : compiler.compile(fold.condition)
    const body = compiler.compile(fold.body)
    const cost = foldCosts[fold.macro]
    return runOf({ kind: fold.macro, range, slots, condition, body, cost })
  })
}

function runOf(loop: Loop): Run {
  switch (loop.kind) {
    case 'all':
      return (frame) => decide(frame, loop, false)
    case 'exists':
      return (frame) => decide(frame, loop, true)
    case 'exists_one':
      return (frame) => collect(frame, { ...loop, condition: loop.body }, () => null).length === 1
    case 'map':
    case 'transformList':
      return (frame) => collect(frame, loop, loop.body)
    case 'filter': {
      const item: Run = ({ slots }) => slots[loop.slots[0]!]!
      return (frame) => collect(frame, { ...loop, condition: loop.body }, item)
    }
    case 'transformMap':
    case 'transformMapEntry':
      return (frame) => transform(frame, loop)
  }
}

/** Pairs of key and value, or index and element; with one name, of key or element alone. */
function* elements(range: CelValue, count: number): Generator<readonly [CelValue, CelValue]> {
  if (isList(range))
    for (const [index, item] of range.entries())
      yield count === 1 ? [item, item] : [BigInt(index), item]
  else if (range instanceof CelMap)
    for (const key of range.keys()) yield count === 1 ? [key, key] : [key, range.get(key)!]
  else throw noSuchOverload()
}

/** Yields at each element, with whether more come after it. */
function* steps(frame: Frame, { range, slots, cost }: Loop): Generator<boolean> {
  const over = range(frame)
  frame.spend(cost.end)
  let left = sizeOf(over)
  for (const [first, second] of elements(over, slots.length)) {
    left--
    frame.slots[slots[0]!] = first
    if (slots[1] !== undefined) frame.slots[slots[1]] = second
    frame.spend(cost.each)
    yield left > 0
  }
}

/** An element that decides makes errors of others not matter. */
function decide(frame: Frame, loop: Loop, deciding: boolean): boolean {
  let failure: CelError | undefined
  for (const hasMore of steps(frame, loop)) {
    try {
      const value = loop.body(frame)
      if (value === deciding) {
        if (hasMore) frame.spend(loop.cost.stop)
        return deciding
      }
      if (typeof value !== 'boolean') failure ??= noSuchOverload()
    } catch (error) {
      if (!(error instanceof CelError)) throw error
      failure ??= error
    }
  }
  if (failure !== undefined) throw failure
  return !deciding
}

function isTaken(frame: Frame, { condition, cost }: Loop): boolean {
  const taken = condition === undefined ? true : condition(frame)
  if (typeof taken !== 'boolean') throw noSuchOverload()
  if (taken) frame.spend(cost.taken)
  return taken
}

function collect(frame: Frame, loop: Loop, result: Run): CelValue[] {
  const collected: CelValue[] = []
  for (const _ of steps(frame, loop)) if (isTaken(frame, loop)) collected.push(result(frame))
  return collected
}

function transform(frame: Frame, loop: Loop): CelMap {
  const map = new EntryMap()
  for (const _ of steps(frame, loop)) {
    if (!isTaken(frame, loop)) continue
    const value = loop.body(frame)
    if (loop.kind === 'transformMap') map.add(frame.slots[loop.slots[0]!]!, value)
    else if (value instanceof CelMap) for (const key of value.keys()) map.add(key, value.get(key)!)
    else throw noSuchOverload()
  }
  return map
}
