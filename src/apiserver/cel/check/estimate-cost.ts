// How much an expression can cost at most and at least, from the sizes that its types allow.
import { costs, foldCosts } from '../evaluate/costs.ts'
import { times } from '../functions/define.ts'
import type { Expression, Fold } from '../syntax/expression.ts'
import { sizeMaxOf, sizesMaxOf } from '../types.ts'
import { sizeOf } from '../values.ts'
import type { Checked } from './checker.ts'

export interface Range {
  min: number
  max: number
}

const exactly = (cost: number): Range => ({ min: cost, max: cost })
const sum = (...parts: readonly Range[]): Range => ({
  min: parts.reduce((total, { min }) => total + min, 0),
  max: parts.reduce((total, { max }) => total + max, 0),
})
const either = (one: Range, other: Range): Range => ({
  min: Math.min(one.min, other.min),
  max: Math.max(one.max, other.max),
})
const repeated = (count: Range, cost: Range): Range => ({
  min: times(count.min, cost.min),
  max: times(count.max, cost.max),
})

export function estimateCost(checked: Checked): Range {
  const cost = (expression: Expression): Range => {
    switch (expression.kind) {
      case 'literal':
        return exactly(0)
      case 'name':
        return exactly(costs.access)
      case 'select':
        return checked.types.has(expression.operand)
          ? sum(cost(expression.operand), exactly(expression.test ? 0 : costs.access))
          : exactly(costs.access)
      case 'index':
        return sum(cost(expression.operand), cost(expression.index), exactly(costs.access))
      case 'call':
        return sum(...argsOf(checked, expression).map(cost), callCost(checked, expression))
      case 'and':
      case 'or':
        return logicCost(expression.operands.map(cost))
      case 'conditional':
        return sum(cost(expression.test), either(cost(expression.yes), cost(expression.no)))
      case 'list':
        return sum(exactly(costs.createList), ...expression.items.map(({ value }) => cost(value)))
      case 'map':
        return sum(
          exactly(costs.createMap),
          ...expression.entries.flatMap(({ key, value }) => [cost(key), cost(value)]),
        )
      case 'struct':
        return sum(
          exactly(costs.createStruct),
          ...expression.fields.map(({ value }) => cost(value)),
        )
      case 'fold':
        return foldCost(expression)
      case 'bind':
        return sum(cost(expression.value), cost(expression.body))
      case 'optMap':
        return sum(cost(expression.operand), { min: 0, max: cost(expression.body).max })
    }
  }
  const foldCost = (fold: Fold): Range => {
    const { start, each, taken, end } = foldCosts[fold.macro]
    const condition = fold.condition === undefined ? exactly(0) : cost(fold.condition)
    const collected = {
      min: fold.condition === undefined ? taken : 0,
      max: taken,
    }
    const step = sum(exactly(each), condition, cost(fold.body), collected)
    return sum(
      cost(fold.range),
      exactly(start + end),
      repeated(sizeRange(checked, fold.range), step),
    )
  }
  return cost(checked.expression)
}

/** The first operand may decide alone. */
function logicCost(parts: readonly Range[]): Range {
  return { min: parts[0]!.min, max: sum(...parts).max }
}

function sizeRange(checked: Checked, expression: Expression): Range {
  if (expression.kind === 'literal') return exactly(sizeOf(expression.value))
  if (expression.kind === 'list') return exactly(expression.items.length)
  const type = checked.types.get(expression)
  return { min: 0, max: type === undefined ? 1 : sizeMaxOf(type) }
}

const argsOf = (checked: Checked, call: Expression): readonly Expression[] =>
  checked.calls.get(call)!.args

/** What the call itself costs, whichever of its overloads it comes to. */
function callCost(checked: Checked, call: Expression): Range {
  const { overloads, args } = checked.calls.get(call)!
  const sizes = args.map((one) => sizeRange(checked, one))
  const [first] = args
  const elements = sizesMaxOf(first === undefined ? [] : [checked.types.get(first)!], true).at(-1)!
  const own = overloads.map(({ cost, usesElements }) => ({
    min: cost(...sizes.map(({ min }) => min), ...(usesElements ? [0] : [])),
    max: cost(...sizes.map(({ max }) => max), ...(usesElements ? [elements] : [])),
  }))
  return own.reduce(either)
}
