// Chooses a node for a pod, or says in kube-scheduler's words why there is none.
import type { Pod } from '#kinds/k8s/core.ts'
import { explain } from './explanation.ts'
import { Requirements } from './filters.ts'
import { type NodeState, placedPod } from './node-state.ts'
import type { Refusal } from './refusal.ts'
import { bestOf } from './scores.ts'
import type { ClusterSnapshot } from './snapshot.ts'

export interface NoPlace {
  type: 'none'
  /** What speaks against every node, without what came of a try to make room. */
  message: string
  /** One of every node. */
  refusals: readonly NodeRefusal[]
  examined: number
}

export interface NodeRefusal {
  state: NodeState
  refusal: Refusal
}

export type Placement = { type: 'node'; node: string; examined: number } | NoPlace

export interface PlaceOptions {
  /** Where in the order of nodes to begin; sum up `examined` to treat all nodes alike. */
  startIndex?: number
  /** The node on which room was made for the pod: taken without looking further, if it fits. */
  nominated?: string | undefined
}

/** Up to this many nodes, all are compared. */
const COMPARED_MIN = 100

/** How many nodes that fit are enough to choose from: the share falls as clusters grow. */
export function nodesToCompare(total: number): number {
  if (total <= COMPARED_MIN) return total
  const percent = Math.max(5, 50 - Math.floor(total / 125))
  return Math.max(COMPARED_MIN, Math.floor((total * percent) / 100))
}

export function place(
  snapshot: ClusterSnapshot,
  pod: Pod,
  { startIndex = 0, nominated = '' }: PlaceOptions = {},
): Placement {
  const candidate = placedPod(pod)
  const requirements = new Requirements(candidate, snapshot)
  const prepared = snapshot.node(nominated)
  if (prepared && requirements.refusalOf(prepared) === undefined)
    return { type: 'node', node: nominated, examined: 0 }
  const { nodes } = snapshot
  const enough = nodesToCompare(nodes.length)
  const fitting: NodeState[] = []
  const refusals: NodeRefusal[] = []
  let examined = 0
  while (examined < nodes.length && fitting.length < enough) {
    const state = nodes[(startIndex + examined) % nodes.length]!
    const refusal = requirements.refusalOf(state)
    if (refusal === undefined) fitting.push(state)
    else refusals.push({ state, refusal })
    examined++
  }
  if (fitting.length > 0)
    return { type: 'node', node: bestOf(snapshot, candidate, fitting).name, examined }
  const message =
    nodes.length === 0
      ? 'no nodes available to schedule pods'
      : explain(refusals.map(({ refusal }) => refusal.reasons))
  return { type: 'none', message, refusals, examined }
}
