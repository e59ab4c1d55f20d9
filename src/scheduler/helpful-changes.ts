// Which changes of the cluster may let a refused pod in: the filters whose answer they can turn.
import { isDeepStrictEqual } from 'node:util'
import { isPodFinished } from '#kinds/pod-status.ts'
import type { Node, Pod } from '#kinds/k8s/core.ts'

export const helpedBy = {
  podLeaves: ['NodePorts', 'NodeResourcesFit', 'PodTopologySpread'],
  /** One more pod in the emptiest domain lets others follow. */
  podArrives: ['PodTopologySpread'],
} as const

/** Whether anything differs that a filter looks at; a heartbeat does not count. */
export function isNodeChanged(node: Node, previous: Node): boolean {
  const seen = ({ metadata, spec, status }: Node) => [
    metadata.labels,
    spec?.taints,
    spec?.unschedulable ?? false,
    status?.allocatable,
  ]
  return !isDeepStrictEqual(seen(node), seen(previous))
}

/** Whether the pod takes less than before: it has ended, or it is on its way out. */
export function isLeaving(pod: Pod, previous: Pod): boolean {
  const isGoing = (each: Pod) =>
    isPodFinished(each) || each.metadata.deletionTimestamp !== undefined
  return isGoing(pod) && !isGoing(previous)
}
