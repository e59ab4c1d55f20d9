// Which changes of the cluster may let a refused pod in: the filters whose answer they can turn.
import { isDeepStrictEqual } from 'node:util'
import { isPodFinished } from '#kinds/pod-status.ts'
import type { Node, Pod } from '#kinds/k8s/core.ts'

export const helpedBy = {
  podLeaves: ['NodePorts', 'NodeResourcesFit', 'PodTopologySpread', 'InterPodAffinity'],
  /** It keeps what it has until it is gone, but spreading does not count it any more. */
  podEnds: ['PodTopologySpread'],
  /** One more pod in the emptiest domain lets others follow, and some want to be near to it. */
  podArrives: ['PodTopologySpread', 'InterPodAffinity'],
  /** What selects pods may select it now, or no more. */
  podRelabelled: ['PodTopologySpread', 'InterPodAffinity'],
  namespaceRelabelled: ['InterPodAffinity'],
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

/** Whether anything differs in what a pod without a node asks for. */
export function isPodChanged(pod: Pod, previous: Pod): boolean {
  return (
    !isDeepStrictEqual(pod.spec, previous.spec) ||
    !isDeepStrictEqual(pod.metadata.labels, previous.metadata.labels)
  )
}

/** The filters that this change of a pod with a node may turn. */
export function turnedBy(pod: Pod, previous: Pod): readonly string[] {
  const isEnding = ({ metadata }: Pod) => metadata.deletionTimestamp !== undefined
  if (isPodFinished(pod) && !isPodFinished(previous)) return helpedBy.podLeaves
  const turned = new Set<string>()
  if (isEnding(pod) && !isEnding(previous))
    for (const filter of helpedBy.podEnds) turned.add(filter)
  if (!isDeepStrictEqual(pod.metadata.labels, previous.metadata.labels))
    for (const filter of helpedBy.podRelabelled) turned.add(filter)
  return [...turned]
}
