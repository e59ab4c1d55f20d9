// What one run of an expression holds: values of variables, and what it has cost so far.
import type { Bindings } from '../environment.ts'
import type { CelValue } from '../values.ts'
import { CelError, CostError } from '../values.ts'

export class Frame {
  readonly #bindings: Bindings
  readonly #costMax: number
  /** Values of the names that macros bind, by the number the compiler gave them. */
  readonly slots: CelValue[] = []
  cost = 0

  constructor(bindings: Bindings, costMax: number) {
    this.#bindings = bindings
    this.#costMax = costMax
  }

  spend(cost: number): void {
    this.cost += cost
    if (this.cost > this.#costMax) throw new CostError()
  }

  variable(name: string): CelValue {
    const value = Object.hasOwn(this.#bindings, name) ? this.#bindings[name] : undefined
    if (value === undefined) throw new CelError(`no such attribute(s): ${name}`)
    return typeof value === 'function' ? value() : value
  }
}

export type Run = (frame: Frame) => CelValue
