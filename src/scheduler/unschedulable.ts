// Says on a pod that no node takes it, and why.
import type { Clock } from '#base/clock.ts'
import { retryOnConflict } from '#client/retry-on-conflict.ts'
import type { Client } from '#client/types.ts'
import type { Pod, PodCondition } from '#kinds/k8s/core.ts'
import { conditionOf, withCondition } from '#kinds/meta.ts'
import { pods } from '#kinds/refs.ts'

/** Whether the pod says so already: a pod that is tried again and again writes nothing new. */
export function saysUnschedulable(pod: Pod, message: string): boolean {
  const condition = conditionOf(pod.status?.conditions, 'PodScheduled')
  return (
    condition?.status === 'False' &&
    condition.reason === 'Unschedulable' &&
    condition.message === message
  )
}

export async function writeUnschedulable(
  { client, clock }: { client: Client; clock: Clock },
  pod: Pod,
  message: string,
): Promise<void> {
  const resource = client.resource(pods)
  await retryOnConflict(async () => {
    const now = await resource.get(pod.metadata)
    if (now.metadata.uid !== pod.metadata.uid || now.spec?.nodeName) return
    if (saysUnschedulable(now, message)) return
    const conditions = withCondition<PodCondition>(
      now.status?.conditions,
      { type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message },
      clock.now(),
    )
    await resource.updateStatus({ ...now, status: { ...now.status, conditions } })
  })
}
