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

/** A node that lacks a label of a constraint gets nothing. Plain loops: it is run for every pod. */
export function spreadScore(
  candidate: PlacedPod,
  states: readonly NodeState[],
  snapshot: ClusterSnapshot,
): ArrayLike<number> | undefined {
  const { spreads, mustHaveAll } = softSpreads(snapshot, candidate)
  if (spreads.length === 0) return undefined
  /** Of each node, NaN for one that is left out. */
  const crowding = new Float64Array(states.length)
  for (const { topology, counts, maxSkew } of spreads) {
    const domains = topology.isByNode ? states.length : snapshot.domains(topology).size
    const weight = weightOf(domains)
    for (let index = 0; index < states.length; index++) {
      const domain = topology.domainOf(states[index]!)
      // What is added to every domain waters small differences down: skews up to it matter little.
      if (domain !== undefined) crowding[index]! += (counts.get(domain) ?? 0) * weight + maxSkew - 1
      else if (mustHaveAll) crowding[index] = NaN
    }
  }
  let [least, most] = [Infinity, 0]
  for (const each of crowding) {
    if (each < least) least = each
    if (each > most) most = each
  }
  if (most === 0) return undefined
  return crowding.map((each) =>
    Number.isNaN(each) ? 0 : (SCORE_MAX * (most + least - each)) / most,
  )
}
