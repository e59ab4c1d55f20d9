// The front door of CEL: compile an expression once, evaluate it as often as needed.
import type { Checked } from './check/checker.ts'
import { check } from './check/checker.ts'
import type { Range } from './check/estimate-cost.ts'
import { estimateCost } from './check/estimate-cost.ts'
import type { Bindings, Environment } from './environment.ts'
import { Compiler } from './evaluate/compile.ts'
import { Frame } from './evaluate/frame.ts'
import type { Run } from './evaluate/frame.ts'
import { parse } from './syntax/parser.ts'
import { showProblem, showProblems, SyntaxProblem } from './syntax/syntax-error.ts'
import type { CelType } from './types.ts'
import type { CelValue } from './values.ts'
import { CelError, CostError } from './values.ts'

export type { Bindings, Environment } from './environment.ts'

export interface Program {
  text: string
  result: CelType
  /** What a run can cost, by the sizes that the types of the variables allow. */
  cost: Range
  /** The variables that the expression refers to. */
  variables: ReadonlySet<string>
  run: Run
}

export type Compiled = { ok: true; program: Program } | { ok: false; message: string }

export type Evaluated =
  | { ok: true; value: CelValue; cost: number }
  | { ok: false; error: CelError | CostError; cost: number }

/** `message` holds every problem, each with its place, as cel-go shows them. */
export function compile(text: string, environment: Environment): Compiled {
  let checked: Checked
  try {
    const result = check(parse(text), environment)
    if (result.problems.length > 0)
      return { ok: false, message: showProblems(text, result.problems) }
    checked = result.checked
  } catch (error) {
    if (!(error instanceof SyntaxProblem)) throw error
    return { ok: false, message: showProblem(text, error) }
  }
  const { result, variables, expression } = checked
  const run = new Compiler(checked, environment).compile(expression)
  return { ok: true, program: { text, result, variables, run, cost: estimateCost(checked) } }
}

/** Runs a program; one that costs more than `costMax` ends with a CostError. */
export function evaluate({ run }: Program, bindings: Bindings, costMax: number): Evaluated {
  const frame = new Frame(bindings, costMax)
  try {
    return { ok: true, value: run(frame), cost: frame.cost }
  } catch (error) {
    if (error instanceof CelError || error instanceof CostError)
      return { ok: false, error, cost: frame.cost }
    throw error
  }
}
