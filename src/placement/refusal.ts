// Why a node cannot take a pod.
import type { NodeState, PlacedPod } from './node-state.ts'

export interface Refusal {
  /** Names the check, so that callers can tell refusals apart without reading words. */
  filter: string
  /** In kube-scheduler's words. */
  reasons: readonly string[]
  /** Whether the node could take the pod if others made room. */
  isResolvable: boolean
}

export interface Check {
  /** What speaks against the node; nothing when it suits. */
  refuse: (state: NodeState) => Refusal | undefined
  /** Supposes that a pod came to the node or left it; `state` itself is changed by the caller. */
  suppose?: (placed: PlacedPod, state: NodeState, change: 1 | -1) => void
}

/** Refusals of one check, made once: a node is asked thousands of times. */
export function refusal(filter: string, reason: string, isResolvable: boolean): Refusal {
  return { filter, reasons: [reason], isResolvable }
}
