// What a simulated node does with a pod, as a table of stages: the first that applies is next.
import type { ContainerState, Pod, PodStatus } from '#kinds/k8s/core.ts'
import { isConditionTrue } from '#kinds/meta.ts'
import { isPodFinished } from '#kinds/pod-status.ts'
import { restartsOf, running, statusOf, terminated, waiting } from './container-look.ts'

/** Images that make a pod misbehave; every other image runs well. */
export const sentinels = {
  crash: 'sim/crash',
  oom: 'sim/oom',
  slowPull: 'sim/slow-pull',
  noImage: 'sim/no-image',
  unready: 'sim/unready',
  /** Ends well after a while. */
  once: 'sim/once',
  /** Ends badly after a while. */
  fail: 'sim/fail',
} as const

/** What the images do, for people. */
export const sentinelHelp: Record<keyof typeof sentinels, string> = {
  crash: 'ends with code 1 soon after it is ready, again and again',
  oom: 'is killed for its memory, again and again',
  slowPull: 'takes one to two minutes to pull',
  noImage: 'is not there: ErrImagePull, ImagePullBackOff',
  unready: 'runs, and its readiness probe never succeeds',
  once: 'ends with code 0 after some seconds',
  fail: 'ends with code 1 after some seconds',
}

export interface PodStage {
  name: string
  applies: (pod: Pod) => boolean
  /** How long it takes until the stage acts, at least and at most. */
  delayMs: (pod: Pod) => readonly [least: number, most: number]
  act: 'delete' | ((pod: Pod, nowMs: number) => PodStatus)
}

/** Whether a container of the pod has this image, whatever registry and tag it is written with. */
export const runs = (pod: Pod, ...images: readonly string[]): boolean =>
  pod.spec.containers.some(({ image = '' }) =>
    images.some((each) => image.startsWith(each) || image.includes(`/${each}`)),
  )
const isRunning = ({ status }: Pod) => status?.phase === 'Running'
const isReady = ({ status }: Pod) => isConditionTrue(status?.conditions, 'Ready')
const stateOf = ({ status }: Pod): ContainerState => status?.containerStatuses?.[0]?.state ?? {}
const isDown = (pod: Pod) => isRunning(pod) && stateOf(pod).running === undefined
const startsAgain = ({ spec }: Pod) => (spec.restartPolicy ?? 'Always') === 'Always'
const lastOf = ({ status }: Pod) => {
  const last = status?.containerStatuses?.[0]?.lastState
  return last === undefined ? {} : { last }
}

/** The containers end: to be started again, or for good, as the pod says. */
export function endContainers(
  pod: Pod,
  end: { exitCode: number; reason: string },
  nowMs: number,
): PodStatus {
  const ended = terminated(pod, end, nowMs)
  const isFailure = end.exitCode !== 0
  const isForGood = pod.spec.restartPolicy === 'Never' || (!startsAgain(pod) && !isFailure)
  if (isForGood) {
    const phase = isFailure ? 'Failed' : 'Succeeded'
    const restarts = restartsOf(pod)
    return statusOf(pod, { phase, ready: false, state: ended, restarts }, nowMs)
  }
  const state = waiting('CrashLoopBackOff', 'back-off restarting failed container')
  const restarts = restartsOf(pod) + 1
  return statusOf(pod, { phase: 'Running', ready: false, state, restarts, last: ended }, nowMs)
}

/** Ways in which a node may disturb a pod that runs. */
export const disturbances = {
  crash: (pod: Pod, nowMs: number) => endContainers(pod, { exitCode: 137, reason: 'Error' }, nowMs),
  unready: (pod: Pod, nowMs: number) =>
    statusOf(
      pod,
      {
        phase: 'Running',
        ready: false,
        state: stateOf(pod),
        restarts: restartsOf(pod),
        ...lastOf(pod),
      },
      nowMs,
    ),
} as const

export type Disturbance = keyof typeof disturbances

/** The image could not be pulled, this time. */
export function pullFailed(pod: Pod, nowMs: number): PodStatus {
  const before = stateOf(pod).waiting?.reason
  const reason = before === 'ErrImagePull' ? 'ImagePullBackOff' : 'ErrImagePull'
  const state = waiting(reason, `failed to pull image "${pod.spec.containers[0]?.image}"`)
  return statusOf(pod, { phase: 'Pending', ready: false, state, restarts: 0 }, nowMs)
}

/** Until the next try to pull, by what the container waits for now. */
const PULL_DELAYS_MS: Readonly<Record<string, readonly [number, number]>> = {
  ErrImagePull: [10_000, 30_000],
  ImagePullBackOff: [60_000, 300_000],
}

const RESTART_FIRST_MS = 10_000
const RESTART_MAX_MS = 300_000

/** As kubelets do: doubling from ten seconds to five minutes. */
function restartDelayMs(pod: Pod): readonly [number, number] {
  const fullMs = Math.min(RESTART_MAX_MS, RESTART_FIRST_MS * 2 ** (restartsOf(pod) - 1))
  return [fullMs * 0.8, fullMs]
}

export const START = 'start'

export const podStages: readonly PodStage[] = [
  {
    name: 'end',
    applies: ({ metadata }) => metadata.deletionTimestamp !== undefined,
    delayMs: () => [100, 3_000],
    act: 'delete',
  },
  {
    name: 'create containers',
    applies: (pod) => !isFinishedOrRunning(pod) && stateOf(pod).waiting === undefined,
    delayMs: () => [20, 100],
    act: (pod, nowMs) => {
      const state = waiting('ContainerCreating')
      return statusOf(pod, { phase: 'Pending', ready: false, state, restarts: 0 }, nowMs)
    },
  },
  {
    name: START,
    applies: (pod) => !isFinishedOrRunning(pod),
    delayMs: (pod) =>
      runs(pod, sentinels.slowPull)
        ? [60_000, 120_000]
        : (PULL_DELAYS_MS[stateOf(pod).waiting?.reason ?? ''] ?? [200, 2_000]),
    act: (pod, nowMs) =>
      runs(pod, sentinels.noImage)
        ? pullFailed(pod, nowMs)
        : statusOf(
            pod,
            { phase: 'Running', ready: false, state: running(nowMs), restarts: 0 },
            nowMs,
          ),
  },
  {
    name: 'restart',
    applies: isDown,
    delayMs: restartDelayMs,
    act: (pod, nowMs) =>
      statusOf(
        pod,
        {
          phase: 'Running',
          ready: false,
          state: running(nowMs),
          restarts: restartsOf(pod),
          ...lastOf(pod),
        },
        nowMs,
      ),
  },
  {
    name: 'become ready',
    applies: (pod) => isRunning(pod) && !isReady(pod) && !runs(pod, sentinels.unready),
    delayMs: () => [500, 3_000],
    act: (pod, nowMs) =>
      statusOf(
        pod,
        {
          phase: 'Running',
          ready: true,
          state: stateOf(pod),
          restarts: restartsOf(pod),
          ...lastOf(pod),
        },
        nowMs,
      ),
  },
  {
    name: 'crash',
    applies: (pod) => isReady(pod) && runs(pod, sentinels.crash, sentinels.fail),
    delayMs: () => [5_000, 30_000],
    act: (pod, nowMs) => endContainers(pod, { exitCode: 1, reason: 'Error' }, nowMs),
  },
  {
    name: 'run out of memory',
    applies: (pod) => isReady(pod) && runs(pod, sentinels.oom),
    delayMs: () => [5_000, 30_000],
    act: (pod, nowMs) => endContainers(pod, { exitCode: 137, reason: 'OOMKilled' }, nowMs),
  },
  {
    name: 'complete',
    applies: (pod) => isReady(pod) && runs(pod, sentinels.once),
    delayMs: () => [5_000, 30_000],
    act: (pod, nowMs) => endContainers(pod, { exitCode: 0, reason: 'Completed' }, nowMs),
  },
]

function isFinishedOrRunning(pod: Pod): boolean {
  return isRunning(pod) || isPodFinished(pod)
}

export function nextStage(pod: Pod): PodStage | undefined {
  return podStages.find(({ applies }) => applies(pod))
}

/** Identifies one run through a stage: the same pod may come to it again. */
export function stageKey(pod: Pod, stage: PodStage): string {
  const { running: up, waiting: held } = stateOf(pod)
  const ready = String(isReady(pod))
  const since = up?.startedAt ?? held?.reason ?? ''
  return `${pod.metadata.uid} ${stage.name} ${restartsOf(pod)} ${ready} ${since}`
}
