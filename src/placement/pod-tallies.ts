// Counts of pods per node, kept up to date, so that spreading need not look at every pod.
import type { Pod } from '#kinds/k8s/core.ts'
import type { LabelSelector } from '#kinds/k8s/meta.ts'
import { controllerOf } from '#kinds/meta.ts'
import { formatLabelSelector, matchesRequirements, requirementsOf } from '#kinds/label-selector.ts'

/** Node -> how many of the counted pods it has; never 0. */
export type Tally = ReadonlyMap<string, number>

interface SelectorTally {
  matches: (pod: Pod) => boolean
  tally: Map<string, number>
}

/** Selectors whose counts are kept; the one least lately asked for makes room. */
const SELECTORS_MAX = 1_000

/**
 * Pods that belong together and are spread: those of one controller, or pods without one that carry
 * the same labels (whatever selects one of them selects all).
 */
export function groupOf({ metadata }: Pod): string {
  const owner = controllerOf({ metadata })
  if (owner) return owner.uid
  const labels = Object.entries(metadata.labels ?? {}).toSorted(([a], [b]) => (a < b ? -1 : 1))
  return `${metadata.namespace ?? ''} ${JSON.stringify(labels)}`
}

function count(tally: Map<string, number>, node: string, change: 1 | -1): void {
  const sum = (tally.get(node) ?? 0) + change
  if (sum === 0) tally.delete(node)
  else tally.set(node, sum)
}

export class PodTallies {
  readonly #groups = new Map<string, Map<string, number>>()
  readonly #selectors = new Map<string, SelectorTally>()

  change(pod: Pod, node: string, change: 1 | -1): void {
    // A pod that ends frees its place for its successor.
    if (pod.metadata.deletionTimestamp !== undefined) return
    const group = groupOf(pod)
    const tally = this.#groups.get(group) ?? new Map<string, number>()
    this.#groups.set(group, tally)
    count(tally, node, change)
    if (tally.size === 0) this.#groups.delete(group)
    for (const known of this.#selectors.values())
      if (known.matches(pod)) count(known.tally, node, change)
  }

  ofGroup(pod: Pod): Tally {
    return this.#groups.get(groupOf(pod)) ?? new Map()
  }

  /** Counts by selector; `placed` is walked only for a selector that is new. */
  ofSelector(
    namespace: string | undefined,
    selector: LabelSelector,
    placed: () => Iterable<readonly [node: string, pod: Pod]>,
  ): Tally {
    const key = `${namespace ?? ''} ${formatLabelSelector(selector)}`
    const known = this.#selectors.get(key) ?? this.#begin(namespace, selector, placed())
    this.#selectors.delete(key)
    this.#selectors.set(key, known)
    const [oldest] = this.#selectors.keys()
    if (this.#selectors.size > SELECTORS_MAX) this.#selectors.delete(oldest!)
    return known.tally
  }

  #begin(
    namespace: string | undefined,
    selector: LabelSelector,
    placed: Iterable<readonly [node: string, pod: Pod]>,
  ): SelectorTally {
    const requirements = requirementsOf(selector)
    const matches = ({ metadata }: Pod) =>
      metadata.namespace === namespace && matchesRequirements(requirements, metadata.labels)
    const tally = new Map<string, number>()
    for (const [node, pod] of placed)
      if (pod.metadata.deletionTimestamp === undefined && matches(pod)) count(tally, node, 1)
    return { matches, tally }
  }
}
