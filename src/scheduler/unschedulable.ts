// Says on a pod that no node takes it, and why; and on which node others make room for it.
import type { Clock } from '#base/clock.ts'
import { retryOnConflict } from '#client/retry-on-conflict.ts'
import type { Client } from '#client/types.ts'
import type { Pod, PodCondition } from '#kinds/k8s/core.ts'
import { conditionOf, withCondition } from '#kinds/meta.ts'
import { pods } from '#kinds/refs.ts'

export interface Verdict {
  message: string
  /** Undefined when no room is kept for the pod. */
  nominatedNodeName: string | undefined
}

/** Whether the pod says so already: a pod that is tried again and again writes nothing new. */
export function saysVerdict(pod: Pod, { message, nominatedNodeName }: Verdict): boolean {
  const condition = conditionOf(pod.status?.conditions, 'PodScheduled')
  return (
    condition?.status === 'False' &&
    condition.reason === 'Unschedulable' &&
    condition.message === message &&
    (pod.status?.nominatedNodeName || undefined) === nominatedNodeName
  )
}

export async function writeVerdict(
  { client, clock }: { client: Client; clock: Clock },
  pod: Pod,
  verdict: Verdict,
): Promise<void> {
  const resource = client.resource(pods)
  await retryOnConflict(async () => {
    const now = await resource.get(pod.metadata)
    if (now.metadata.uid !== pod.metadata.uid || now.spec?.nodeName) return
    if (saysVerdict(now, verdict)) return
    const { generation } = now.metadata
    const condition = {
      type: 'PodScheduled',
      ...(generation === undefined ? {} : { observedGeneration: generation }),
      status: 'False',
      reason: 'Unschedulable',
      message: verdict.message,
    } as const
    const conditions = withCondition<PodCondition>(now.status?.conditions, condition, clock.now())
    const status = { ...now.status, conditions }
    delete status.nominatedNodeName
    if (verdict.nominatedNodeName) status.nominatedNodeName = verdict.nominatedNodeName
    await resource.updateStatus({ ...now, status })
  })
}
