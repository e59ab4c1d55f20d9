// What a simulated node does with a pod, as a table of stages: the first that applies is next.
import { rfc3339 } from '#base/clock.ts'
import type { ContainerState, Pod, PodCondition, PodStatus } from '#kinds/k8s/core.ts'
import { conditionOf, isConditionTrue, withCondition } from '#kinds/meta.ts'
import { isPodFinished } from '#kinds/pod-status.ts'

/** Images that make a pod misbehave; every other image runs well. */
export const sentinels = {
  crash: 'sim/crash',
  slowPull: 'sim/slow-pull',
  neverReady: 'sim/never-ready',
} as const

export interface PodStage {
  name: string
  applies: (pod: Pod) => boolean
  /** How long it takes until the stage acts, at least and at most. */
  delayMs: (pod: Pod) => readonly [least: number, most: number]
  act: 'delete' | ((pod: Pod, nowMs: number) => PodStatus)
}

const runs = (pod: Pod, image: string) =>
  pod.spec.containers.some((container) => container.image?.startsWith(image))
const isRunning = ({ status }: Pod) => status?.phase === 'Running'
const isReady = ({ status }: Pod) => isConditionTrue(status?.conditions, 'Ready')
const isWaiting = ({ status }: Pod) =>
  status?.containerStatuses?.some(({ state }) => state?.waiting !== undefined) ?? false

interface Look {
  ready: boolean
  state: ContainerState
  restarts: number
}

function restartsOf({ status }: Pod): number {
  return status?.containerStatuses?.[0]?.restartCount ?? 0
}

/** The status of a pod whose containers all look like this. */
function statusOf(pod: Pod, { ready, state, restarts }: Look, nowMs: number): PodStatus {
  const conditions = ['Initialized', 'ContainersReady', 'Ready', 'PodScheduled'].reduce(
    (list: PodCondition[], type) => {
      const isTrue = ready || type === 'Initialized' || type === 'PodScheduled'
      return withCondition<PodCondition>(list, { type, status: isTrue ? 'True' : 'False' }, nowMs)
    },
    pod.status?.conditions ?? [],
  )
  return {
    ...pod.status,
    phase: 'Running',
    startTime: pod.status?.startTime ?? rfc3339(nowMs),
    conditions,
    containerStatuses: pod.spec.containers.map(({ name, image = '' }) => ({
      name,
      image,
      imageID: `sim://${image}`,
      ready,
      started: state.running !== undefined,
      restartCount: restarts,
      state,
    })),
  }
}

const running = (nowMs: number): ContainerState => ({ running: { startedAt: rfc3339(nowMs) } })

export const podStages: readonly PodStage[] = [
  {
    name: 'end',
    applies: ({ metadata }) => metadata.deletionTimestamp !== undefined,
    delayMs: () => [100, 3_000],
    act: 'delete',
  },
  {
    name: 'start',
    applies: (pod) => !isRunning(pod) && !isPodFinished(pod),
    delayMs: (pod) => (runs(pod, sentinels.slowPull) ? [60_000, 120_000] : [200, 2_000]),
    act: (pod, nowMs) => statusOf(pod, { ready: false, state: running(nowMs), restarts: 0 }, nowMs),
  },
  {
    name: 'restart',
    applies: isWaiting,
    delayMs: () => [10_000, 60_000],
    act: (pod, nowMs) =>
      statusOf(pod, { ready: false, state: running(nowMs), restarts: restartsOf(pod) }, nowMs),
  },
  {
    name: 'become ready',
    applies: (pod) => isRunning(pod) && !isReady(pod) && !runs(pod, sentinels.neverReady),
    delayMs: () => [500, 3_000],
    act: (pod, nowMs) =>
      statusOf(pod, { ready: true, state: running(nowMs), restarts: restartsOf(pod) }, nowMs),
  },
  {
    name: 'crash',
    applies: (pod) => isReady(pod) && runs(pod, sentinels.crash),
    delayMs: () => [5_000, 30_000],
    act: (pod, nowMs) => {
      const state = { waiting: { reason: 'CrashLoopBackOff' } }
      return statusOf(pod, { ready: false, state, restarts: restartsOf(pod) + 1 }, nowMs)
    },
  },
]

export function nextStage(pod: Pod): PodStage | undefined {
  return podStages.find(({ applies }) => applies(pod))
}

/** Identifies one run through a stage: the same pod may come to it again. */
export function stageKey(pod: Pod, stage: PodStage): string {
  const since = conditionOf(pod.status?.conditions, 'Ready')?.lastTransitionTime ?? ''
  return `${pod.metadata.uid} ${stage.name} ${restartsOf(pod)} ${since}`
}
