// Says in a pod's status that it is to go for a reason that is not its own.
import { retryOnConflict } from '#client/retry-on-conflict.ts'
import type { ResourceClient } from '#client/types.ts'
import type { Pod, PodStatus } from '#kinds/k8s/core.ts'
import { withCondition } from '#kinds/meta.ts'

export interface Disruption {
  /** As Kubernetes names it, such as "DeletionByTaintManager". */
  reason: string
  message: string
}

/**
 * Adds the condition, and what else of the status is given, to the newest version of a pod: the kubelet
 * writes conditions of the same list, and ours of a moment ago may be old. Tells whether the pod is still
 * there; `nowMs` is the wall clock's.
 */
export async function markDisrupted(
  resource: ResourceClient<Pod>,
  { metadata }: Pod,
  { reason, message }: Disruption,
  { nowMs, phase }: { nowMs: number; phase?: PodStatus['phase'] },
): Promise<boolean> {
  const condition = { type: 'DisruptionTarget', status: 'True', reason, message } as const
  return retryOnConflict(async () => {
    const newest = await resource.get(metadata)
    if (newest.metadata.uid !== metadata.uid) return false
    const conditions = withCondition(newest.status?.conditions, condition, nowMs)
    const isPhase = phase === undefined || newest.status?.phase === phase
    if (conditions !== newest.status?.conditions || !isPhase)
      await resource.updateStatus({
        ...newest,
        status: { ...newest.status, ...(phase === undefined ? {} : { phase }), conditions },
      })
    return true
  })
}
