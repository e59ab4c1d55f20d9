// A set of functions to look up by name, and the set that every expression has.
import { arithmetic } from './arithmetic.ts'
import { conversions } from './conversions.ts'
import { core } from './core.ts'
import type { Overload } from './define.ts'
import { optionals } from './optionals.ts'
import { timeParts } from './times.ts'

export class Library {
  readonly #overloads = new Map<string, Overload[]>()

  constructor(overloads: Iterable<Overload>) {
    for (const overload of overloads) {
      const key = keyOf(overload.name, overload.isMember)
      const known = this.#overloads.get(key)
      if (known === undefined) this.#overloads.set(key, [overload])
      else known.push(overload)
    }
  }

  find(name: string, isMember: boolean): readonly Overload[] {
    return this.#overloads.get(keyOf(name, isMember)) ?? []
  }

  /** Whether there is a function of the name, called in whichever way. */
  has(name: string): boolean {
    return this.#overloads.has(keyOf(name, false)) || this.#overloads.has(keyOf(name, true))
  }
}

const keyOf = (name: string, isMember: boolean): string => (isMember ? `.${name}` : name)

/** What the language itself defines. */
export const languageFunctions: readonly Overload[] = [
  ...core,
  ...arithmetic,
  ...conversions,
  ...timeParts,
  ...optionals,
]
