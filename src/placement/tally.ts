// Counts per domain of a topology.
import type { NodeState } from './node-state.ts'
import type { Topology } from './topology.ts'

/** Domain -> how many of what is counted are in it; never 0. */
export type Tally = ReadonlyMap<string, number>

export const NOTHING_COUNTED: Tally = new Map()

export function addTo(tally: Map<string, number>, domain: string, change: number): void {
  const sum = (tally.get(domain) ?? 0) + change
  if (sum === 0) tally.delete(domain)
  else tally.set(domain, sum)
}

/** A node in no domain of the topology changes nothing. */
export function count(
  tally: Map<string, number>,
  { domainOf }: Topology,
  state: NodeState,
  change: number,
): void {
  const domain = domainOf(state)
  if (domain !== undefined) addTo(tally, domain, change)
}

/** A tally with changes that are only supposed: what if this pod were not there? */
export class SupposedTally {
  readonly #base: Tally
  #changes: Map<string, number> | undefined

  constructor(base: Tally) {
    this.#base = base
  }

  get(domain: string): number {
    return (this.#base.get(domain) ?? 0) + (this.#changes?.get(domain) ?? 0)
  }

  add(domain: string, change: number): void {
    addTo((this.#changes ??= new Map()), domain, change)
  }

  get isEmpty(): boolean {
    if (!this.#changes?.size) return this.#base.size === 0
    const domains = new Set([...this.#base.keys(), ...this.#changes.keys()])
    return [...domains].every((domain) => this.get(domain) === 0)
  }
}
