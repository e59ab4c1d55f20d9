// Makes room for a pod that found no node: chooses pods of lower priority to take away. What it decides
// and says is what kube-scheduler's DefaultPreemption does.
import type { Pod } from '#kinds/k8s/core.ts'
import type { PodDisruptionBudget } from '#kinds/k8s/policy.ts'
import { conditionOf } from '#kinds/meta.ts'
import { explain } from './explanation.ts'
import { Requirements } from './filters.ts'
import { type NodeState, placedPod } from './node-state.ts'
import type { NoPlace } from './place.ts'
import type { ClusterSnapshot } from './snapshot.ts'
import { leastHarm, type Victims, victimsOn } from './victims.ts'

export type Preemption =
  | {
      type: 'room'
      node: string
      /** To be taken away, the most important first. */
      victims: readonly Pod[]
      /** Pods of lower priority for which room was kept on the node: it is not theirs any more. */
      displaced: readonly Pod[]
    }
  | {
      type: 'none'
      /** Why not, after "preemption: ". */
      message: string
      /** Whether room kept for the pod until now is of no use. */
      isHopeless: boolean
    }

export interface PreemptOptions {
  budgets: readonly PodDisruptionBudget[]
  /** Where among the nodes to begin. */
  startIndex?: number
}

/** How many nodes with a choice of victims are enough to choose from. */
const CANDIDATES = { least: 100, share: 0.1 }

const NOT_HELPFUL = ['Preemption is not helpful for scheduling']

/** The condition with which a pod is taken away for one of higher priority. */
export const PREEMPTED = { type: 'DisruptionTarget', reason: 'PreemptionByScheduler' } as const

export function preempt(
  snapshot: ClusterSnapshot,
  pod: Pod,
  { refusals }: NoPlace,
  { budgets, startIndex = 0 }: PreemptOptions,
): Preemption {
  const candidate = placedPod(pod)
  const whyNot = ineligibility(snapshot, pod, refusals)
  if (whyNot !== undefined) return { type: 'none', message: whyNot, isHopeless: false }
  const requirements = new Requirements(candidate, snapshot)
  const hopeful = refusals.filter(({ refusal }) => refusal.isResolvable)
  const tried = new Map<NodeState, readonly string[]>()
  const enough = Math.max(CANDIDATES.least, Math.floor(hopeful.length * CANDIDATES.share))
  const choices: Victims[] = []
  for (let turn = 0; turn < hopeful.length && choices.length < enough; turn++) {
    const { state } = hopeful[(startIndex + turn) % hopeful.length]!
    const found = victimsOn(state, requirements, budgets)
    if ('node' in found) choices.push(found)
    else tried.set(state, found.reasons)
  }
  const best = leastHarm(choices)
  if (best === undefined) {
    const message = explain(refusals.map(({ state }) => tried.get(state) ?? NOT_HELPFUL))
    return { type: 'none', message, isHopeless: true }
  }
  const kept = [...snapshot.node(best.node)!.nominated.values()]
  return {
    type: 'room',
    node: best.node,
    victims: best.pods.map((each) => each.pod),
    displaced: kept.filter(({ priority }) => priority < candidate.priority).map((each) => each.pod),
  }
}

/** Why the pod may not take others away; undefined when it may. */
function ineligibility(
  snapshot: ClusterSnapshot,
  pod: Pod,
  refusals: NoPlace['refusals'],
): string | undefined {
  if (pod.spec?.preemptionPolicy === 'Never') return 'not eligible due to preemptionPolicy=Never.'
  const nominated = snapshot.nominationOf(placedPod(pod).key)
  if (nominated === undefined) return undefined
  // Whoever leaves that node, the pod cannot go there any more.
  if (refusals.some(({ state, refusal }) => state.name === nominated && !refusal.isResolvable))
    return undefined
  const priority = pod.spec?.priority ?? 0
  const isWaiting = [...(snapshot.node(nominated)?.pods.values() ?? [])].some(
    (each) => each.priority < priority && isBeingPreempted(each.pod),
  )
  return isWaiting ? 'not eligible due to a terminating pod on the nominated node.' : undefined
}

export function isBeingPreempted({ metadata, status }: Pod): boolean {
  if (metadata.deletionTimestamp === undefined) return false
  const condition = conditionOf(status?.conditions, PREEMPTED.type)
  return condition?.status === 'True' && condition.reason === PREEMPTED.reason
}
