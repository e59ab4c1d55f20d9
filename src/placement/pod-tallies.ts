// Counts of pods per domain, kept up to date, so that no decision need look at every pod.
import type { Pod } from '#kinds/k8s/core.ts'
import type { NodeState, PlacedPod } from './node-state.ts'
import { count, NOTHING_COUNTED, type Tally } from './tally.ts'
import { machines, type Topology, zones } from './topology.ts'

interface GroupTallies {
  zones: Map<string, number>
  machines: Map<string, number>
}

/** Which pods to count, and over which topology. */
export interface PodQuery {
  /** Of two queries with the same key and topology, one is counted. */
  key: string
  topology: Topology
  matches: (pod: Pod) => boolean
  /** Pods on their way out: affinity still sees them, spreading gives their places away. */
  countsEnding: boolean
  /** Whether `matches` looks at the labels of namespaces. */
  readsNamespaces: boolean
}

interface QueryTally extends PodQuery {
  tally: Map<string, number>
}

/** Queries whose counts are kept; the one least lately asked for makes room. */
const QUERIES_MAX = 1_000

const isEnding = ({ pod }: PlacedPod): boolean => pod.metadata.deletionTimestamp !== undefined

function countIn(query: QueryTally, placed: PlacedPod, state: NodeState, change: 1 | -1): void {
  if (isEnding(placed) && !query.countsEnding) return
  if (query.matches(placed.pod)) count(query.tally, query.topology, state, change)
}

export class PodTallies {
  readonly #groups = new Map<string, GroupTallies>()
  readonly #queries = new Map<string, QueryTally>()

  /** A pod that was added is removed while its node is in the same domains. */
  change(placed: PlacedPod, state: NodeState, change: 1 | -1): void {
    // Nodes unknown as yet are in no domain.
    if (!state.isKnown) return
    if (!isEnding(placed)) this.#changeGroup(placed.group, state, change)
    for (const query of this.#queries.values()) countIn(query, placed, state, change)
  }

  /** Pods of a group (pod-group.ts) that are not on their way out. */
  ofGroup(group: string): { zones: Tally; machines: Tally } {
    return this.#groups.get(group) ?? { zones: NOTHING_COUNTED, machines: NOTHING_COUNTED }
  }

  /** What the query counts; `placed` is walked only for a query that is new. */
  of(
    query: PodQuery,
    placed: () => Iterable<readonly [state: NodeState, placed: PlacedPod]>,
  ): Tally {
    const key = `${query.topology.key} ${query.countsEnding} ${query.key}`
    const known = this.#queries.get(key) ?? begin(query, placed())
    this.#queries.delete(key)
    this.#queries.set(key, known)
    const [oldest] = this.#queries.keys()
    if (this.#queries.size > QUERIES_MAX) this.#queries.delete(oldest!)
    return known.tally
  }

  /** Labels of a namespace have changed: what was chosen by them is counted anew. */
  namespacesChanged(): void {
    for (const [key, { readsNamespaces }] of this.#queries)
      if (readsNamespaces) this.#queries.delete(key)
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
  query: PodQuery,
  placed: Iterable<readonly [state: NodeState, placed: PlacedPod]>,
): QueryTally {
  const known = { ...query, tally: new Map<string, number>() }
  for (const [state, each] of placed) if (state.isKnown) countIn(known, each, state, 1)
  return known
}
