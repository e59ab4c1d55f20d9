// Spreading: how the pods of one group lie over the values of a topology label, such as zones.
import type { Pod, TopologySpreadConstraint } from '#kinds/k8s/core.ts'
import type { LabelSelector } from '#kinds/k8s/meta.ts'
import { matchesLabelSelector } from '#kinds/label-selector.ts'
import { isNodeWanted } from './node-affinity.ts'
import { type NodeState, ZONE_LABEL } from './node-state.ts'
import type { Tally } from './pod-tallies.ts'
import type { ClusterSnapshot } from './snapshot.ts'
import { untoleratedTaint } from './taints.ts'

/** The value of the topology label a node has; undefined when it has none. */
type DomainOf = (state: NodeState) => string | undefined

/** A wish that pods lie evenly: where the next goes matters by `weight`. */
export interface SoftSpread {
  domainOf: DomainOf
  counts: ReadonlyMap<string, number>
  weight: number
}

/** A rule: after the next pod no domain may have more than `maxSkew` above the emptiest. */
export interface HardSpread {
  domainOf: DomainOf
  counts: ReadonlyMap<string, number>
  /** What the next pod itself adds: 0 when the selector does not match it. */
  own: 0 | 1
  least: number
  maxSkew: number
}

const byLabel =
  (key: string): DomainOf =>
  ({ node }) =>
    node.metadata.labels?.[key]

/** Zones first, then machines: one pod more in a zone outweighs one pod more on a machine. */
const UNASKED: readonly { domainOf: DomainOf; weight: number }[] = [
  { domainOf: ({ zone }) => zone, weight: 6 },
  { domainOf: ({ name }) => name, weight: 3 },
]

function countByDomain(snapshot: ClusterSnapshot, tally: Tally, domainOf: DomainOf) {
  const counts = new Map<string, number>()
  for (const [name, pods] of tally) {
    const state = snapshot.node(name)
    const domain = state === undefined ? undefined : domainOf(state)
    if (domain !== undefined) counts.set(domain, (counts.get(domain) ?? 0) + pods)
  }
  return counts
}

/** What the pod wishes; without constraints of its own its group is spread all the same. */
export function softSpreads(snapshot: ClusterSnapshot, pod: Pod): SoftSpread[] {
  const constraints = pod.spec?.topologySpreadConstraints ?? []
  if (constraints.length === 0) {
    const tally = snapshot.tallies.ofGroup(pod)
    return UNASKED.map((wish) => ({
      ...wish,
      counts: countByDomain(snapshot, tally, wish.domainOf),
    }))
  }
  return constraints
    .filter(({ whenUnsatisfiable }) => whenUnsatisfiable === 'ScheduleAnyway')
    .map((constraint) => {
      const domainOf = byLabel(constraint.topologyKey)
      const counts = countByDomain(snapshot, tallyOf(snapshot, pod, constraint), domainOf)
      return { domainOf, counts, weight: constraint.topologyKey === ZONE_LABEL ? 6 : 3 }
    })
}

export function hardSpreads(snapshot: ClusterSnapshot, pod: Pod): HardSpread[] {
  const rules = (pod.spec?.topologySpreadConstraints ?? []).filter(
    ({ whenUnsatisfiable }) => whenUnsatisfiable === 'DoNotSchedule',
  )
  const isComplete = ({ node }: NodeState) =>
    rules.every(({ topologyKey }) => node.metadata.labels?.[topologyKey] !== undefined)
  return rules.map((rule) => {
    const counts = new Map<string, number>()
    const tally = tallyOf(snapshot, pod, rule)
    const domainOf = byLabel(rule.topologyKey)
    for (const state of snapshot.nodes) {
      if (!isComplete(state) || !isCounted(rule, pod, state)) continue
      const domain = domainOf(state)!
      counts.set(domain, (counts.get(domain) ?? 0) + (tally.get(state.name) ?? 0))
    }
    const isShort = counts.size < (rule.minDomains ?? 1)
    return {
      domainOf,
      counts,
      own: matchesLabelSelector(selectorOf(rule, pod), pod.metadata.labels) ? 1 : 0,
      least: isShort ? 0 : Math.min(...counts.values()),
      maxSkew: rule.maxSkew,
    }
  })
}

function isCounted(rule: TopologySpreadConstraint, pod: Pod, { node }: NodeState): boolean {
  if (rule.nodeAffinityPolicy !== 'Ignore' && !isNodeWanted(pod, node)) return false
  if (rule.nodeTaintsPolicy !== 'Honor') return true
  return untoleratedTaint(node.spec?.taints, pod.spec?.tolerations) === undefined
}

function tallyOf(snapshot: ClusterSnapshot, pod: Pod, rule: TopologySpreadConstraint): Tally {
  const selector = selectorOf(rule, pod)
  // No selector selects nothing, as everywhere in Kubernetes.
  if (selector === undefined) return new Map()
  const { namespace } = pod.metadata
  return snapshot.tallies.ofSelector(namespace, selector, () => snapshot.placedPods())
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
