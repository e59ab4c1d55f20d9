// The status that a kubelet would write for a pod whose containers look like this.
import { rfc3339 } from '#base/clock.ts'
import type {
  Container,
  ContainerState,
  ContainerStatus,
  Pod,
  PodCondition,
  PodStatus,
} from '#kinds/k8s/core.ts'
import { withCondition } from '#kinds/meta.ts'

export interface Look {
  phase: 'Pending' | 'Running' | 'Succeeded' | 'Failed'
  ready: boolean
  state: ContainerState
  restarts: number
  /** Why the containers ended before, if they did. */
  last?: ContainerState
}

export function restartsOf({ status }: Pod): number {
  return status?.containerStatuses?.[0]?.restartCount ?? 0
}

export const running = (nowMs: number): ContainerState => ({
  running: { startedAt: rfc3339(nowMs) },
})

export const waiting = (reason: string, message?: string): ContainerState => ({
  waiting: { reason, ...(message === undefined ? {} : { message }) },
})

export function terminated(
  pod: Pod,
  { exitCode, reason }: { exitCode: number; reason: string },
  nowMs: number,
): ContainerState {
  const startedAt = pod.status?.containerStatuses?.[0]?.state?.running?.startedAt ?? rfc3339(nowMs)
  return {
    terminated: {
      exitCode,
      reason,
      startedAt,
      finishedAt: rfc3339(nowMs),
      containerID: containerId(pod),
    },
  }
}

const containerId = ({ metadata }: Pod) => `sim://${metadata.uid}`

const READY_REASONS = { Ready: 'ContainersNotReady', ContainersReady: 'ContainersNotReady' }

function conditionsOf(pod: Pod, look: Look, nowMs: number): PodCondition[] {
  const isOver = look.phase === 'Succeeded' || look.phase === 'Failed'
  const truth: Record<string, boolean> = {
    PodReadyToStartContainers: look.phase !== 'Pending' || pod.status?.podIP !== undefined,
    Initialized: true,
    Ready: look.ready,
    ContainersReady: look.ready,
    PodScheduled: true,
  }
  return Object.entries(truth).reduce((list: PodCondition[], [type, isTrue]) => {
    const names = pod.spec.containers.map(({ name }) => name).join(' ')
    const why =
      isTrue || !(type in READY_REASONS)
        ? {}
        : isOver
          ? { reason: look.phase === 'Succeeded' ? 'PodCompleted' : 'PodFailed' }
          : { reason: 'ContainersNotReady', message: `containers with unready status: [${names}]` }
    const status = isTrue ? 'True' : 'False'
    return withCondition<PodCondition>(list, { type, status, ...why }, nowMs)
  }, pod.status?.conditions ?? [])
}

export function statusOf(pod: Pod, look: Look, nowMs: number): PodStatus {
  const isUp = look.state.running !== undefined
  const container = ({ name, image = '' }: Container): ContainerStatus => ({
    name,
    image,
    imageID: look.phase === 'Pending' ? '' : `sim://${image}`,
    ...(look.phase === 'Pending' ? {} : { containerID: containerId(pod) }),
    ready: look.ready,
    started: isUp,
    restartCount: look.restarts,
    state: look.state,
    ...(look.last === undefined ? {} : { lastState: look.last }),
  })
  return {
    ...pod.status,
    phase: look.phase,
    startTime: pod.status?.startTime ?? rfc3339(nowMs),
    conditions: conditionsOf(pod, look, nowMs),
    containerStatuses: pod.spec.containers.map(container),
  }
}
