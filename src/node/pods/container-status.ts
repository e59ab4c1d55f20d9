import { rfc3339 } from '#base/clock.ts'
import type {
  Container,
  ContainerState,
  ContainerStatus,
  VolumeMountStatus,
} from '#kinds/k8s/core.ts'
import { wholeImageName } from '../images/image-name.ts'
import { nodeLimits } from '../limits.ts'
import { mayRestart, outcomeOf } from './pod-outcome.ts'
import {
  type ContainerView,
  type PodView,
  type Waiting,
  containersOf,
  hasExited,
  initContainersOf,
  isSidecar,
  newestStarted,
} from './pod-view.ts'
import { restartAtMs, restartDelayMs } from './restart-backoff.ts'

const CRASH_LOOP = 'CrashLoopBackOff'

const idOf = (container: ContainerView): string => `containerd://${container.id}`

/** Kubernetes' name for a pod in messages: "name_namespace(uid)". */
export function podTitle({ pod }: Pick<PodView, 'pod'>): string {
  const { name, namespace, uid } = pod.metadata
  return `${name}_${namespace}(${uid})`
}

/** Each container of a pod has its share of what all may say together. */
function messageOf({ pod }: PodView, { message }: ContainerView): string {
  const share = Math.floor(nodeLimits.podTerminationMessagesBytesMax / containersOf(pod).length)
  return Buffer.byteLength(message) <= share
    ? message
    : Buffer.from(message).subarray(0, share).toString()
}

function terminated(view: PodView, container: ContainerView): ContainerState {
  const { exitCode, startedAtMs, finishedAtMs, reason } = container
  const message = messageOf(view, container)
  return {
    terminated: {
      exitCode,
      reason: reason || (exitCode === 0 ? 'Completed' : 'Error'),
      ...(message === '' ? {} : { message }),
      // Of a container that could not be started, Kubernetes gives the beginning of time.
      startedAt: rfc3339(startedAtMs),
      finishedAt: rfc3339(finishedAtMs),
      containerID: idOf(container),
    },
  }
}

/** Why the next start of a container that ended is held back. */
export function crashLoop(
  view: PodView,
  container: Container,
  last: ContainerView | undefined,
): Waiting | undefined {
  if (!hasExited(last) || !mayRestart(view.pod, container, last.exitCode)) return undefined
  if (view.nowMs >= restartAtMs(last)) return undefined
  const title = podTitle(view)
  return {
    reason: CRASH_LOOP,
    message: `back-off ${duration(restartDelayMs(last))} restarting failed container=${container.name} pod=${title}`,
  }
}

/** A duration as Go writes it: "83ms", "10s", "1m20s", "5m0s". */
export function duration(ms: number): string {
  if (ms < 1000) return ms === 0 ? '0s' : `${ms}ms`
  const seconds = ms / 1000
  return seconds < 60 ? `${seconds}s` : `${Math.floor(seconds / 60)}m${seconds % 60}s`
}

/** A container whose restart was held back is said to be so until it runs again. */
function heldBack(view: PodView, { name }: Container, last: ContainerView): Waiting | undefined {
  const before = beforeOf(view, name)
  const { reason, message = '' } = before?.state?.waiting ?? {}
  const isSame = before?.containerID === idOf(last)
  return isSame && reason === CRASH_LOOP ? { reason, message } : undefined
}

function waitingOf(view: PodView, container: Container, last: ContainerView | undefined) {
  const over = view.pod.metadata.deletionTimestamp !== undefined || outcomeOf(view) !== undefined
  const failure = view.waiting.get(container.name)
  if (hasExited(last)) {
    if (over) return undefined
    return crashLoop(view, container, last) ?? failure ?? heldBack(view, container, last)
  }
  if (last !== undefined) return undefined
  const reason = initContainersOf(view.pod).length > 0 ? 'PodInitializing' : 'ContainerCreating'
  return failure ?? { reason }
}

function stateOf(
  view: PodView,
  waiting: Waiting | undefined,
  last: ContainerView | undefined,
): ContainerState {
  if (waiting !== undefined) return { waiting: { ...waiting } }
  if (last === undefined) return {}
  if (hasExited(last)) return terminated(view, last)
  return { running: { startedAt: rfc3339(last.startedAtMs) } }
}

function lastStateOf(view: PodView, name: string, waiting: Waiting | undefined): ContainerState {
  const exited = view.containers.filter((c) => c.name === name && hasExited(c))
  const last = newestStarted(view, name)
  const previous = waiting === undefined ? exited.find((c) => c !== last) : exited[0]
  if (previous !== undefined) return terminated(view, previous)
  // What the runtime forgot, the API still knows.
  return beforeOf(view, name)?.lastState ?? {}
}

function beforeOf(view: PodView, name: string): ContainerStatus | undefined {
  const { containerStatuses, initContainerStatuses } = view.pod.status ?? {}
  const known = [...(containerStatuses ?? []), ...(initContainerStatuses ?? [])]
  return known.find((status) => status.name === name)
}

function mountsOf(container: Container): { volumeMounts?: VolumeMountStatus[] } {
  const mounts = container.volumeMounts ?? []
  if (mounts.length === 0) return {}
  const statuses = mounts.map(({ name, mountPath, readOnly }) => ({
    name,
    mountPath,
    ...(readOnly === true ? { readOnly, recursiveReadOnly: 'Disabled' } : {}),
  }))
  return { volumeMounts: statuses }
}

function resourcesOf(container: Container) {
  const requests = container.resources?.requests
  return {
    ...(requests === undefined ? {} : { allocatedResources: requests }),
    resources: container.resources ?? {},
  }
}

function readyOf(view: PodView, container: Container, last: ContainerView | undefined): boolean {
  if (last?.state === 'running') return view.probes.get(last.id)?.ready ?? false
  const runsToItsEnd = initContainersOf(view.pod).includes(container) && !isSidecar(container)
  return runsToItsEnd && hasExited(last) && last.exitCode === 0
}

/** As it was written until a container was made of it; from then on with everything that was meant. */
function imageOf({ image = '' }: Container, last: ContainerView | undefined): string {
  return last === undefined ? image : wholeImageName(image)
}

export function containerStatus(view: PodView, container: Container): ContainerStatus {
  const last = newestStarted(view, container.name)
  const waiting = waitingOf(view, container, last)
  const before = beforeOf(view, container.name)
  return {
    name: container.name,
    state: stateOf(view, waiting, last),
    lastState: lastStateOf(view, container.name, waiting),
    ready: waiting === undefined && readyOf(view, container, last),
    restartCount: last?.attempt ?? before?.restartCount ?? 0,
    image: imageOf(container, last),
    imageID: last?.imageRef ?? '',
    ...(last === undefined ? {} : { containerID: idOf(last) }),
    started: last?.state === 'running' && (view.probes.get(last.id)?.started ?? false),
    ...(last === undefined ? {} : resourcesOf(container)),
    ...mountsOf(container),
    ...(container.lifecycle?.stopSignal && { stopSignal: container.lifecycle.stopSignal }),
  }
}
