// One evaluation of a policy for one request: its bindings, its variables as they are asked for, and its
// budget.
import { evaluate } from '../../cel/cel.ts'
import type { Bindings } from '../../cel/environment.ts'
import type { CelValue } from '../../cel/values.ts'
import { CelError, CelMap, CostError } from '../../cel/values.ts'
import type { NamedPart, Part } from './policy-expressions.ts'

/** What one expression may cost, and all of a policy for one request. */
export const policyLimits = { callCostMax: 1_000_000, budget: 10_000_000, textMax: 5_120 } as const

export class Evaluation {
  readonly #bindings: Bindings
  #budget: number = policyLimits.budget

  constructor(bindings: Bindings, variables: readonly NamedPart[]) {
    const lazy = new LazyVariables(variables, (part) => this.valueOf(part))
    this.#bindings = { ...bindings, variables: lazy }
  }

  /** Throws CelError or CostError. */
  valueOf(program: Part): CelValue {
    if (typeof program === 'string') throw new CelError(program)
    if (this.#budget <= 0)
      throw new CelError(
        'validation failed due to running out of cost budget, no further validation rules will be run',
      )
    const result = evaluate(program, this.#bindings, policyLimits.callCostMax)
    this.#budget -= result.cost
    if (!result.ok) throw result.error
    return result.value
  }
}

export const isExpressionError = (error: unknown): error is CelError | CostError =>
  error instanceof CelError || error instanceof CostError

/** Each variable is worked out once, when first asked for. */
class LazyVariables extends CelMap {
  readonly #parts: ReadonlyMap<string, NamedPart>
  readonly #evaluate: (part: Part) => CelValue
  readonly #known = new Map<string, CelValue>()

  constructor(parts: readonly NamedPart[], evaluate: (part: Part) => CelValue) {
    super()
    this.#parts = new Map(parts.map((part) => [part.name, part]))
    this.#evaluate = evaluate
  }

  override get size(): number {
    return this.#parts.size
  }

  override keys(): readonly string[] {
    return [...this.#parts.keys()]
  }

  override get(key: CelValue): CelValue | undefined {
    const part = typeof key === 'string' ? this.#parts.get(key) : undefined
    if (part === undefined) return undefined
    const known = this.#known.get(part.name)
    if (known !== undefined) return known
    const value = this.#value(part)
    this.#known.set(part.name, value)
    return value
  }

  #value({ name, program }: NamedPart): CelValue {
    try {
      return this.#evaluate(program)
    } catch (error) {
      if (!(error instanceof CelError)) throw error
      throw new CelError(`composited variable "${name}" fails to evaluate: ${error.message}`)
    }
  }
}
