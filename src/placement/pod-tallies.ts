// Counts of pods per domain, kept up to date, so that spreading need not look at every pod.
import type { Pod } from '#kinds/k8s/core.ts'
import type { LabelSelector } from '#kinds/k8s/meta.ts'
import { formatLabelSelector, matchesRequirements, requirementsOf } from '#kinds/label-selector.ts'
import type { NodeState, PlacedPod } from './node-state.ts'
import { machines, type Topology, zones } from './topology.ts'

/** Domain -> how many of the counted pods are in it; never 0. */
export type Tally = ReadonlyMap<string, number>

interface GroupTallies {
  zones: Map<string, number>
  machines: Map<string, number>
}

interface SelectorTally {
  matches: (pod: Pod) => boolean
  topology: Topology
  tally: Map<string, number>
}

/** What is counted by selector: the pods in this namespace that it matches, over this topology. */
export interface SelectorQuery {
  namespace: string | undefined
  selector: LabelSelector
  topology: Topology
}

/** Selectors whose counts are kept; the one least lately asked for makes room. */
const SELECTORS_MAX = 1_000

const NOTHING: Tally = new Map()

function count(
  tally: Map<string, number>,
  { domainOf }: Topology,
  state: NodeState,
  change: 1 | -1,
): void {
  const domain = domainOf(state)
  if (domain === undefined) return
  const sum = (tally.get(domain) ?? 0) + change
  if (sum === 0) tally.delete(domain)
  else tally.set(domain, sum)
}

/** Pods that end free their places for their successors; nodes unknown as yet are in no domain. */
const isCounted = ({ pod }: PlacedPod, state: NodeState): boolean =>
  state.isKnown && pod.metadata.deletionTimestamp === undefined

export class PodTallies {
  readonly #groups = new Map<string, GroupTallies>()
  readonly #selectors = new Map<string, SelectorTally>()

  /** A pod that was added is removed while its node is in the same domains. */
  change(placed: PlacedPod, state: NodeState, change: 1 | -1): void {
    if (!isCounted(placed, state)) return
    this.#changeGroup(placed.group, state, change)
    for (const { matches, topology, tally } of this.#selectors.values())
      if (matches(placed.pod)) count(tally, topology, state, change)
  }

  ofGroup(group: string): { zones: Tally; machines: Tally } {
    return this.#groups.get(group) ?? { zones: NOTHING, machines: NOTHING }
  }

  /** Counts by selector; `placed` is walked only for a query that is new. */
  ofSelector(
    query: SelectorQuery,
    placed: () => Iterable<readonly [state: NodeState, placed: PlacedPod]>,
  ): Tally {
    const { namespace = '', selector, topology } = query
    const key = `${namespace} ${topology.key} ${formatLabelSelector(selector)}`
    const known = this.#selectors.get(key) ?? begin(query, placed())
    this.#selectors.delete(key)
    this.#selectors.set(key, known)
    const [oldest] = this.#selectors.keys()
    if (this.#selectors.size > SELECTORS_MAX) this.#selectors.delete(oldest!)
    return known.tally
  }

  #changeGroup(group: string, state: NodeState, change: 1 | -1): void {
    const tallies = this.#groups.get(group) ?? { zones: new Map(), machines: new Map() }
    this.#groups.set(group, tallies)
    count(tallies.zones, zones, state, change)
    count(tallies.machines, machines, state, change)
    if (tallies.machines.size === 0) this.#groups.delete(group)
  }
}

function begin(
  { namespace, selector, topology }: SelectorQuery,
  placed: Iterable<readonly [state: NodeState, placed: PlacedPod]>,
): SelectorTally {
  const requirements = requirementsOf(selector)
  const matches = ({ metadata }: Pod) =>
    metadata.namespace === namespace && matchesRequirements(requirements, metadata.labels)
  const tally = new Map<string, number>()
  for (const [state, each] of placed)
    if (isCounted(each, state) && matches(each.pod)) count(tally, topology, state, 1)
  return { matches, topology, tally }
}
