// Affinity terms of the pods that are there, counted per domain: what they say of a pod to come costs
// by the number of different terms, not of pods.
import type { Pod } from '#kinds/k8s/core.ts'
import type { NodeState, PlacedPod } from './node-state.ts'
import type { CarriedTerm, NamespaceLabels } from './pod-term.ts'
import { count, type Tally } from './tally.ts'
import { byLabel } from './topology.ts'

export interface CarriedTally extends CarriedTerm {
  /** Domain -> the sum of the weights of the pods in it that carry the term. */
  tally: Tally
}

interface Counted extends CarriedTerm {
  tally: Map<string, number>
  pods: number
}

export class CarriedTallies {
  readonly #counted = new Map<string, Counted>()

  change({ terms }: PlacedPod, state: NodeState, change: 1 | -1): void {
    if (terms.length === 0 || !state.isKnown) return
    for (const each of terms) {
      const counted = this.#counted.get(each.key) ?? { ...each, tally: new Map(), pods: 0 }
      this.#counted.set(each.key, counted)
      counted.pods += change
      count(counted.tally, byLabel(each.term.topologyKey), state, change * each.weight)
      if (counted.pods === 0) this.#counted.delete(each.key)
    }
  }

  /** Terms of this type that speak of the pod. */
  speakingOf(
    pod: Pod,
    type: CarriedTerm['type'],
    namespaceLabels: NamespaceLabels,
  ): CarriedTally[] {
    const found: CarriedTally[] = []
    for (const counted of this.#counted.values())
      if (counted.type === type && counted.term.matches(pod, namespaceLabels)) found.push(counted)
    return found
  }
}
