// Affinity and anti-affinity between pods, as kube-scheduler's InterPodAffinity sees them.
import type { Pod } from '#kinds/k8s/core.ts'
import type { NodeState, PlacedPod } from './node-state.ts'
import { type PodTerm, preferredTerms, requiredTerms } from './pod-term.ts'
import { type Check, refusal } from './refusal.ts'
import type { ClusterSnapshot } from './snapshot.ts'
import { NOTHING_COUNTED, SupposedTally, type Tally } from './tally.ts'
import { byLabel } from './topology.ts'

const FILTER = 'InterPodAffinity'
const UNLIKED = refusal(FILTER, "node(s) didn't match pod affinity rules", false)
const AVOIDED = refusal(FILTER, "node(s) didn't match pod anti-affinity rules", true)
const UNWELCOME = refusal(FILTER, "node(s) didn't satisfy existing pods anti-affinity rules", true)

/** Pods that every one of the terms speaks of, over the topology of one. */
function tallyOf(snapshot: ClusterSnapshot, terms: readonly PodTerm[], topologyKey: string): Tally {
  const { namespaceLabels } = snapshot
  return snapshot.count({
    key: terms.map(({ key }) => key).join(),
    topology: byLabel(topologyKey),
    matches: (pod) => terms.every((term) => term.matches(pod, namespaceLabels)),
    countsEnding: true,
    readsNamespaces: terms.some(({ readsNamespaces }) => readsNamespaces),
  })
}

interface TermTally {
  terms: readonly PodTerm[]
  topologyKey: string
  counts: SupposedTally
}

const isNear = ({ topologyKey, counts }: TermTally, { labels }: NodeState): boolean => {
  const domain = labels[topologyKey]
  return domain !== undefined && counts.get(domain) > 0
}

function supposeIn(tally: TermTally, state: NodeState, change: 1 | -1): void {
  const domain = state.labels[tally.topologyKey]
  if (domain !== undefined) tally.counts.add(domain, change)
}

/** A pod that others must be near to: on each topology, near to pods that all terms speak of. */
function affinityCheck({ pod }: PlacedPod, snapshot: ClusterSnapshot): Check | undefined {
  const terms = requiredTerms(pod, 'podAffinity')
  if (terms.length === 0) return undefined
  const { namespaceLabels } = snapshot
  const keys = [...new Set(terms.map(({ topologyKey }) => topologyKey))]
  const tallies = keys.map((topologyKey): TermTally => {
    return { terms, topologyKey, counts: new SupposedTally(tallyOf(snapshot, terms, topologyKey)) }
  })
  const isSpokenOf = (each: Pod) => terms.every((term) => term.matches(each, namespaceLabels))
  // The first pod of a group that wants to be together has nobody to be near to.
  const mayBeFirst = isSpokenOf(pod)
  return {
    refuse(state) {
      if (tallies.every((tally) => isNear(tally, state))) return undefined
      if (!mayBeFirst || keys.some((key) => state.labels[key] === undefined)) return UNLIKED
      return tallies.every(({ counts }) => counts.isEmpty) ? undefined : UNLIKED
    },
    suppose(placed, state, change) {
      if (!isSpokenOf(placed.pod)) return
      for (const tally of tallies) supposeIn(tally, state, change)
    },
  }
}

/** A pod that must not be near to others. */
function antiAffinityCheck({ pod }: PlacedPod, snapshot: ClusterSnapshot): Check | undefined {
  const { namespaceLabels } = snapshot
  const tallies = requiredTerms(pod, 'podAntiAffinity').map((term): TermTally => {
    const { topologyKey } = term
    const counts = new SupposedTally(tallyOf(snapshot, [term], topologyKey))
    return { terms: [term], topologyKey, counts }
  })
  if (tallies.length === 0) return undefined
  return {
    refuse: (state) => (tallies.some((tally) => isNear(tally, state)) ? AVOIDED : undefined),
    suppose(placed, state, change) {
      for (const tally of tallies)
        if (tally.terms[0]!.matches(placed.pod, namespaceLabels)) supposeIn(tally, state, change)
    },
  }
}

/** Pods that are there and must not have this one near to them. */
function symmetryCheck({ pod }: PlacedPod, snapshot: ClusterSnapshot): Check {
  const { namespaceLabels } = snapshot
  const tallies = new Map<string, TermTally>()
  for (const { key, term, tally } of snapshot.carried.speakingOf(pod, 'avoid', namespaceLabels))
    tallies.set(key, {
      terms: [term],
      topologyKey: term.topologyKey,
      counts: new SupposedTally(tally),
    })
  const refusals = [...tallies.values()]
  return {
    refuse: (state) => (refusals.some((tally) => isNear(tally, state)) ? UNWELCOME : undefined),
    suppose(placed, state, change) {
      for (const { key, type, term } of placed.terms) {
        if (type !== 'avoid' || !term.matches(pod, namespaceLabels)) continue
        const known = tallies.get(key) ?? {
          terms: [term],
          topologyKey: term.topologyKey,
          counts: new SupposedTally(NOTHING_COUNTED),
        }
        if (!tallies.has(key)) refusals.push(known)
        tallies.set(key, known)
        supposeIn(known, state, change)
      }
    },
  }
}

/** In kube-scheduler's order: the first that refuses gives the reason. */
export function podAffinity(placed: PlacedPod, snapshot: ClusterSnapshot): Check {
  const checks = [
    affinityCheck(placed, snapshot),
    antiAffinityCheck(placed, snapshot),
    symmetryCheck(placed, snapshot),
  ].filter((check) => check !== undefined)
  return {
    refuse(state) {
      for (const check of checks) {
        const refused = check.refuse(state)
        if (refused) return refused
      }
      return undefined
    },
    suppose(each, state, change) {
      // A pod does not stand in its own way.
      if (each.key === placed.key) return
      for (const check of checks) check.suppose?.(each, state, change)
    },
  }
}

interface Liking {
  topologyKey: string
  tally: Tally
  /** What one pod in the tally counts. */
  weight: number
}

/**
 * How much a pod is drawn to a node and away from it: by its own preferences for pods there, and by
 * what pods there want of pods like it. Undefined when nobody has a wish.
 */
export function podLiking(
  { pod }: PlacedPod,
  snapshot: ClusterSnapshot,
): ((state: NodeState) => number) | undefined {
  const own = preferredTerms(pod).map(({ term, weight }): Liking => {
    const { topologyKey } = term
    return { topologyKey, tally: tallyOf(snapshot, [term], topologyKey), weight }
  })
  const others = snapshot.carried
    .speakingOf(pod, 'prefer', snapshot.namespaceLabels)
    // Their weights are in the tally.
    .map(({ term, tally }): Liking => ({ topologyKey: term.topologyKey, tally, weight: 1 }))
  const likings = [...own, ...others].filter(({ tally }) => tally.size > 0)
  if (likings.length === 0) return undefined
  return ({ labels }) => {
    let sum = 0
    for (const { topologyKey, tally, weight } of likings) {
      const domain = labels[topologyKey]
      if (domain !== undefined) sum += weight * (tally.get(domain) ?? 0)
    }
    return sum
  }
}
