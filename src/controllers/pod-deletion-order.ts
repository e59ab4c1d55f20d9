// Which pods go first when there are too many: those whose loss costs least.
import type { Pod } from '#kinds/k8s/core.ts'
import { isPodReady } from '#kinds/pod-status.ts'
import { readySince } from './pod-availability.ts'

const DELETION_COST = 'controller.kubernetes.io/pod-deletion-cost'
const PHASE_ORDER = new Map([
  ['Pending', 0],
  ['Unknown', 1],
  ['Running', 2],
])

type Compare = (a: Pod, b: Pod) => number

const by =
  (value: (pod: Pod) => number): Compare =>
  (a, b) =>
    value(a) - value(b)

const costOf = ({ metadata }: Pod): number => {
  const text = metadata.annotations?.[DELETION_COST] ?? '0'
  return /^-?\d+$/.test(text) ? Number(text) : 0
}

const restartsOf = ({ status }: Pod): number =>
  Math.max(0, ...(status?.containerStatuses ?? []).map(({ restartCount }) => restartCount))

/** Ages that are near each other on a logarithmic scale count as equal, so that not always the youngest goes. */
const ageRank = (time: string | undefined, nowMs: number): number => {
  const seconds = time === undefined ? 0 : Math.floor((nowMs - Date.parse(time)) / 1000)
  return seconds <= 0 ? -1 : Math.floor(Math.log2(seconds))
}

/**
 * Pods in the order in which they should be deleted. `podsOnNode` tells how many pods of the same
 * application a node runs: crowded nodes lose theirs first.
 */
export function inDeletionOrder(
  pods: readonly Pod[],
  podsOnNode: (nodeName: string) => number,
  nowMs: number,
): Pod[] {
  const order: Compare[] = [
    by(({ spec }) => (spec.nodeName ? 1 : 0)),
    by(({ status }) => PHASE_ORDER.get(status?.phase ?? 'Pending') ?? 0),
    by((pod) => (isPodReady(pod) ? 1 : 0)),
    by(costOf),
    by(({ spec }) => -podsOnNode(spec.nodeName ?? '')),
    by((pod) => ageRank(readySince(pod), nowMs)),
    by((pod) => -restartsOf(pod)),
    by(({ metadata }) => ageRank(metadata.creationTimestamp, nowMs)),
    (a, b) => ((a.metadata.uid ?? '') < (b.metadata.uid ?? '') ? -1 : 1),
  ]
  return pods.toSorted((a, b) => {
    for (const compare of order) {
      const result = compare(a, b)
      if (result !== 0) return result
    }
    return 0
  })
}
