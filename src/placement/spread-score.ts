// How evenly pods would lie: kube-scheduler's score of topology spread constraints that need not hold,
// and of its default ones for pods that have none.
import type { NodeState, PlacedPod } from './node-state.ts'
import type { ClusterSnapshot } from './snapshot.ts'
import { spreadsOf } from './spread.ts'
import type { Tally } from './tally.ts'
import { machines, type Topology, zones } from './topology.ts'

interface SoftSpread {
  topology: Topology
  counts: Tally
  maxSkew: number
}

/** For pods without constraints of their own, those of a group (pod-group.ts) are spread. */
const DEFAULT_SKEWS = { zone: 5, machine: 3 }

const SCORE_MAX = 100

function softSpreads(
  snapshot: ClusterSnapshot,
  { pod, group }: PlacedPod,
): { spreads: SoftSpread[]; mustHaveAll: boolean } {
  if (pod.spec?.topologySpreadConstraints?.length) {
    const spreads = spreadsOf(snapshot, pod, 'ScheduleAnyway').map(
      ({ topology, counts, constraint: { maxSkew } }) => ({ topology, counts, maxSkew }),
    )
    return { spreads, mustHaveAll: true }
  }
  const tallies = snapshot.tallies.ofGroup(group)
  // The first of a group is as well anywhere.
  if (tallies.machines.size === 0) return { spreads: [], mustHaveAll: false }
  return {
    spreads: [
      { topology: zones, counts: tallies.zones, maxSkew: DEFAULT_SKEWS.zone },
      { topology: machines, counts: tallies.machines, maxSkew: DEFAULT_SKEWS.machine },
    ],
    mustHaveAll: false,
  }
}

/** Counts of large topologies weigh more, or those of few domains would outweigh them. */
const weightOf = (domains: number): number => Math.log(domains + 2)

/** A node that lacks a label of a constraint gets nothing. */
export function spreadScore(
  candidate: PlacedPod,
  states: readonly NodeState[],
  snapshot: ClusterSnapshot,
): number[] | undefined {
  const { spreads, mustHaveAll } = softSpreads(snapshot, candidate)
  if (spreads.length === 0) return undefined
  const crowding: (number | undefined)[] = states.map(() => 0)
  for (const { topology, counts, maxSkew } of spreads) {
    const domains = states.map((state) => topology.domainOf(state))
    const weight = weightOf(new Set(domains.filter((domain) => domain !== undefined)).size)
    for (const [index, domain] of domains.entries()) {
      const sum = crowding[index]
      if (domain === undefined) crowding[index] = mustHaveAll ? undefined : sum
      // What is added to every domain waters small differences down: skews up to it matter little.
      else if (sum !== undefined)
        crowding[index] = sum + (counts.get(domain) ?? 0) * weight + maxSkew - 1
    }
  }
  let [least, most] = [Infinity, 0]
  for (const each of crowding) {
    if (each === undefined) continue
    least = Math.min(least, each)
    most = Math.max(most, each)
  }
  if (most === 0) return undefined
  return crowding.map((each) =>
    each === undefined ? 0 : (SCORE_MAX * (most + least - each)) / most,
  )
}
