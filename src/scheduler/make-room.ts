// Takes pods away so that one of higher priority finds room.
import type { Clock } from '#base/clock.ts'
import { isReason } from '#base/errors.ts'
import type { EventRecorder } from '#client/event-recorder.ts'
import { retryOnConflict } from '#client/retry-on-conflict.ts'
import type { Client } from '#client/types.ts'
import { PREEMPTED } from '#placement/preempt.ts'
import type { Pod } from '#kinds/k8s/core.ts'
import { withCondition } from '#kinds/meta.ts'
import { pods } from '#kinds/refs.ts'

export interface MakeRoomTools {
  client: Client
  clock: Clock
  recorder: EventRecorder
}

/** Asks every victim to leave, gracefully; each says in its status for whose sake. */
export async function makeRoom(
  tools: MakeRoomTools,
  { pod, victims, node }: { pod: Pod; victims: readonly Pod[]; node: string },
): Promise<void> {
  await Promise.all(victims.map((victim) => takeAway(tools, { pod, victim, node })))
}

async function takeAway(
  { client, clock, recorder }: MakeRoomTools,
  { pod, victim, node }: { pod: Pod; victim: Pod; node: string },
): Promise<void> {
  const resource = client.resource(pods)
  const { uid = '' } = victim.metadata
  try {
    const isThere = await retryOnConflict(async () => {
      const now = await resource.get(victim.metadata)
      if (now.metadata.uid !== uid) return false
      const { generation } = now.metadata
      const condition = {
        ...PREEMPTED,
        status: 'True',
        message: `${pod.spec?.schedulerName ?? 'default-scheduler'}: preempting to accommodate a higher priority pod`,
        ...(generation === undefined ? {} : { observedGeneration: generation }),
      } as const
      const conditions = withCondition(now.status?.conditions, condition, clock.now())
      if (conditions !== now.status?.conditions)
        await resource.updateStatus({ ...now, status: { ...now.status, conditions } })
      return true
    })
    if (!isThere) return
    await resource.delete(victim.metadata, { preconditions: { uid } })
  } catch (error) {
    // It has gone by itself: the room is there.
    if (isReason(error, 'NotFound')) return
    throw error
  }
  recorder.event(victim, {
    type: 'Normal',
    reason: 'Preempted',
    action: 'Preempting',
    message: `Preempted by pod ${pod.metadata.uid ?? ''} on node ${node}`,
    related: pod,
  })
}
