// Spreading: how pods lie over the values of a topology label, such as zones.
import type { Pod, TopologySpreadConstraint } from '#kinds/k8s/core.ts'
import type { LabelSelector } from '#kinds/k8s/meta.ts'
import { formatLabelSelector, matchesRequirements, requirementsOf } from '#kinds/label-selector.ts'
import { wantedNodes } from './node-affinity.ts'
import type { NodeState } from './node-state.ts'
import type { ClusterSnapshot } from './snapshot.ts'
import { addTo, NOTHING_COUNTED, type Tally } from './tally.ts'
import { untoleratedTaint } from './taints.ts'
import { byLabelAmong, machines, type Topology } from './topology.ts'

/** Whether the constraint counts this pod. */
export type PodTest = (pod: Pod) => boolean

/** One constraint of a pod with what it counts now. */
export interface Spread {
  constraint: TopologySpreadConstraint
  topology: Topology
  /** Pods of each domain. */
  counts: Tally
  /** Every domain in which a node counts, also those without a pod. */
  domains: Iterable<string>
  domainCount: number
  matches: PodTest
  /** Whether the constraint looks at the node at all. */
  isCounted: (state: NodeState) => boolean
}

type WhenUnsatisfiable = TopologySpreadConstraint['whenUnsatisfiable']

/** The constraints of the pod of one sort; a node counts for them when it has all their labels. */
export function spreadsOf(snapshot: ClusterSnapshot, pod: Pod, sort: WhenUnsatisfiable): Spread[] {
  const constraints = (pod.spec?.topologySpreadConstraints ?? []).filter(
    ({ whenUnsatisfiable }) => whenUnsatisfiable === sort,
  )
  const keys = constraints.map(({ topologyKey }) => topologyKey)
  return constraints.map((constraint) => {
    const topology = byLabelAmong(constraint.topologyKey, keys)
    const selector = selectorOf(constraint, pod)
    const test = selector && requirementsOf(selector)
    const { namespace } = pod.metadata
    const matches: PodTest = ({ metadata }) =>
      test !== undefined &&
      metadata.namespace === namespace &&
      matchesRequirements(test, metadata.labels)
    const key = `${namespace ?? ''} ${selector ? formatLabelSelector(selector) : '(none)'}`
    const count = (over: Topology): Tally =>
      // No selector selects nothing, as everywhere in Kubernetes.
      test === undefined
        ? NOTHING_COUNTED
        : snapshot.count({
            key,
            topology: over,
            matches,
            countsEnding: false,
            readsNamespaces: false,
          })
    const included = inclusion(constraint, pod)
    const counted =
      included === undefined
        ? allCounted(snapshot, topology, count(topology))
        : countedAmong(snapshot, topology, { tally: count(machines), isIncluded: included })
    const isCounted = (state: NodeState) =>
      topology.domainOf(state) !== undefined && (included === undefined || included(state))
    return { constraint, topology, matches, isCounted, ...counted }
  })
}

/** Which nodes a constraint looks at, beside their labels; undefined for every node. */
function inclusion(
  { nodeAffinityPolicy, nodeTaintsPolicy }: TopologySpreadConstraint,
  pod: Pod,
): ((state: NodeState) => boolean) | undefined {
  const wanted = nodeAffinityPolicy === 'Ignore' ? undefined : wantedNodes(pod)
  const honoursTaints = nodeTaintsPolicy === 'Honor'
  if (wanted === undefined && !honoursTaints) return undefined
  return ({ node, taints }) => {
    if (wanted !== undefined && !wanted(node)) return false
    return !honoursTaints || untoleratedTaint(taints, pod.spec?.tolerations) === undefined
  }
}

type Counted = Pick<Spread, 'counts' | 'domains' | 'domainCount'>

function allCounted(snapshot: ClusterSnapshot, topology: Topology, counts: Tally): Counted {
  const domains = snapshot.domains(topology)
  return { counts, domains, domainCount: domains.size }
}

/** Counts by machine and adds up those that count, as which do depends on the pod. */
function countedAmong(
  snapshot: ClusterSnapshot,
  topology: Topology,
  { tally, isIncluded }: { tally: Tally; isIncluded: (state: NodeState) => boolean },
): Counted {
  const counts = new Map<string, number>()
  const domains = new Set<string>()
  for (const state of snapshot.nodes) {
    const domain = topology.domainOf(state)
    if (domain === undefined || !isIncluded(state)) continue
    domains.add(domain)
    addTo(counts, domain, tally.get(state.name) ?? 0)
  }
  return { counts, domains, domainCount: domains.size }
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
