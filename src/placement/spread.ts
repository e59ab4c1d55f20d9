// Spreading: how the pods of one group lie over the values of a topology label, such as zones.
import type { Pod, TopologySpreadConstraint } from '#kinds/k8s/core.ts'
import type { LabelSelector } from '#kinds/k8s/meta.ts'
import { matchesLabelSelector } from '#kinds/label-selector.ts'
import { isNodeWanted } from './node-affinity.ts'
import { type NodeState, type PlacedPod, ZONE_LABEL } from './node-state.ts'
import type { Tally } from './pod-tallies.ts'
import type { ClusterSnapshot } from './snapshot.ts'
import { untoleratedTaint } from './taints.ts'
import { byLabel, machines, type Topology, zones } from './topology.ts'

/** A wish that pods lie evenly: where the next goes matters by `weight`. */
export interface SoftSpread {
  topology: Topology
  counts: Tally
  weight: number
}

/** A rule: after the next pod no domain may have more than `maxSkew` above the emptiest. */
export interface HardSpread {
  topology: Topology
  counts: Tally
  /** What the next pod itself adds: 0 when the selector does not match it. */
  own: 0 | 1
  least: number
  maxSkew: number
}

/** What the pod wishes; without constraints of its own its group is spread all the same. */
export function softSpreads(snapshot: ClusterSnapshot, { pod, group }: PlacedPod): SoftSpread[] {
  const constraints = pod.spec?.topologySpreadConstraints ?? []
  if (constraints.length === 0) {
    const tallies = snapshot.tallies.ofGroup(group)
    // Zones first, then machines: one pod more in a zone outweighs one pod more on a machine.
    return [
      { topology: zones, counts: tallies.zones, weight: 6 },
      { topology: machines, counts: tallies.machines, weight: 3 },
    ]
  }
  return constraints
    .filter(({ whenUnsatisfiable }) => whenUnsatisfiable === 'ScheduleAnyway')
    .map((constraint) => {
      const topology = byLabel(constraint.topologyKey)
      const counts = tallyOf(snapshot, { pod, constraint, topology })
      return { topology, counts, weight: constraint.topologyKey === ZONE_LABEL ? 6 : 3 }
    })
}

export function hardSpreads(snapshot: ClusterSnapshot, pod: Pod): HardSpread[] {
  const rules = (pod.spec?.topologySpreadConstraints ?? []).filter(
    ({ whenUnsatisfiable }) => whenUnsatisfiable === 'DoNotSchedule',
  )
  const isComplete = ({ labels }: NodeState) =>
    rules.every(({ topologyKey }) => labels[topologyKey] !== undefined)
  return rules.map((rule) => {
    const counts = new Map<string, number>()
    // By machine, as which machines count depends on the pod.
    const tally = tallyOf(snapshot, { pod, constraint: rule, topology: machines })
    const topology = byLabel(rule.topologyKey)
    for (const state of snapshot.nodes) {
      if (!isComplete(state) || !isCounted(rule, pod, state)) continue
      const domain = topology.domainOf(state)!
      counts.set(domain, (counts.get(domain) ?? 0) + (tally.get(state.name) ?? 0))
    }
    const isShort = counts.size < (rule.minDomains ?? 1)
    return {
      topology,
      counts,
      own: matchesLabelSelector(selectorOf(rule, pod), pod.metadata.labels) ? 1 : 0,
      least: isShort ? 0 : Math.min(...counts.values()),
      maxSkew: rule.maxSkew,
    }
  })
}

function isCounted(rule: TopologySpreadConstraint, pod: Pod, { node, taints }: NodeState): boolean {
  if (rule.nodeAffinityPolicy !== 'Ignore' && !isNodeWanted(pod, node)) return false
  if (rule.nodeTaintsPolicy !== 'Honor') return true
  return untoleratedTaint(taints, pod.spec?.tolerations) === undefined
}

interface Constrained {
  pod: Pod
  constraint: TopologySpreadConstraint
  topology: Topology
}

function tallyOf(snapshot: ClusterSnapshot, { pod, constraint, topology }: Constrained): Tally {
  const selector = selectorOf(constraint, pod)
  // No selector selects nothing, as everywhere in Kubernetes.
  if (selector === undefined) return new Map()
  const { namespace } = pod.metadata
  return snapshot.tallies.ofSelector({ namespace, selector, topology }, () => snapshot.placedPods())
}

/** The constraint's selector, narrowed by the pod's own values of `matchLabelKeys`. */
function selectorOf(rule: TopologySpreadConstraint, pod: Pod): LabelSelector | undefined {
  const labels = pod.metadata.labels ?? {}
  const keys = (rule.matchLabelKeys ?? []).filter((key) => labels[key] !== undefined)
  if (rule.labelSelector === undefined || keys.length === 0) return rule.labelSelector
  const own = keys.map((key) => ({ key, operator: 'In', values: [labels[key]!] }))
  return {
    ...rule.labelSelector,
    matchExpressions: [...(rule.labelSelector.matchExpressions ?? []), ...own],
  }
}
