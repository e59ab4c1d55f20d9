// Which simulated nodes say and do nothing, and why. Outlives the process that plays the nodes.

export type Outage = 'silent' | 'stopped'

export class Outages {
  readonly #reasons = new Map<string, Set<Outage>>()
  readonly #listeners = new Set<(node: string) => void>()

  isOut(node: string): boolean {
    return (this.#reasons.get(node)?.size ?? 0) > 0
  }

  /** The nodes that are out for this reason. */
  because(why: Outage): string[] {
    return [...this.#reasons].flatMap(([node, reasons]) => (reasons.has(why) ? [node] : []))
  }

  begin(node: string, why: Outage): void {
    const reasons = this.#reasons.get(node) ?? new Set()
    reasons.add(why)
    this.#reasons.set(node, reasons)
  }

  end(node: string, why: Outage): void {
    const reasons = this.#reasons.get(node)
    if (!reasons?.delete(why) || reasons.size > 0) return
    for (const listener of this.#listeners) listener(node)
  }

  /** Calls back with each node that works again. Gives what ends that. */
  onBack(listener: (node: string) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }
}
