// Topology spread constraints that must hold: after the pod, no domain may have more than `maxSkew`
// pods above the emptiest.
import type { PlacedPod } from './node-state.ts'
import { type Check, refusal } from './refusal.ts'
import type { ClusterSnapshot } from './snapshot.ts'
import { type Spread, spreadsOf } from './spread.ts'
import { SupposedTally } from './tally.ts'

const FILTER = 'PodTopologySpread'
const UNEVEN = refusal(FILTER, "node(s) didn't match pod topology spread constraints", true)
const UNLABELLED = refusal(
  FILTER,
  "node(s) didn't match pod topology spread constraints (missing required label)",
  false,
)

class Rule {
  readonly spread: Spread
  readonly counts: SupposedTally
  #least: number | undefined

  constructor(spread: Spread) {
    this.spread = spread
    this.counts = new SupposedTally(spread.counts)
  }

  /** Pods of the emptiest domain; none while there are fewer domains than there should be. */
  get least(): number {
    return (this.#least ??= this.#findLeast())
  }

  changed(): void {
    this.#least = undefined
  }

  #findLeast(): number {
    const { constraint, domains, domainCount } = this.spread
    if (domainCount < (constraint.minDomains ?? 1)) return 0
    let least = Infinity
    for (const domain of domains) least = Math.min(least, this.counts.get(domain))
    return least
  }
}

export function topologySpread({ pod }: PlacedPod, snapshot: ClusterSnapshot): Check | undefined {
  const rules = spreadsOf(snapshot, pod, 'DoNotSchedule').map((spread) => ({
    rule: new Rule(spread),
    topologyKey: spread.constraint.topologyKey,
    maxSkew: spread.constraint.maxSkew,
    own: spread.matches(pod) ? 1 : 0,
  }))
  if (rules.length === 0) return undefined
  return {
    refuse({ labels }) {
      for (const { rule, topologyKey, maxSkew, own } of rules) {
        const domain = labels[topologyKey]
        if (domain === undefined) return UNLABELLED
        if (rule.counts.get(domain) + own - rule.least > maxSkew) return UNEVEN
      }
      return undefined
    },
    suppose(placed, state, change) {
      if (placed.pod.metadata.deletionTimestamp !== undefined) return
      for (const { rule } of rules) {
        const { topology, matches, isCounted } = rule.spread
        if (!isCounted(state) || !matches(placed.pod)) continue
        rule.counts.add(topology.domainOf(state)!, change)
        rule.changed()
      }
    },
  }
}
