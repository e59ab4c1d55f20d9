// What a pod's status says: is it ready, is it over, and what kubectl shows in one word.
import type { ContainerStatus, Pod, PodSpec } from './k8s/core.ts'
import { ageOf } from './age.ts'
import { conditionOf, isConditionTrue, isDeleting } from './meta.ts'
import { isSidecar } from './pod-resources.ts'

type WithStatus = Pick<Pod, 'status'>

export const isPodReady = ({ status }: WithStatus): boolean =>
  isConditionTrue(status?.conditions, 'Ready')

/** Whether all its containers have ended for good. */
export const isPodFinished = ({ status }: WithStatus): boolean =>
  status?.phase === 'Succeeded' || status?.phase === 'Failed'

export const isPodScheduled = ({ spec }: Pick<Pod, 'spec'>): boolean => Boolean(spec.nodeName)

/** Whether a pod still takes up room on its node or may come to. */
export const isPodActive = (pod: Pod): boolean => !isPodFinished(pod) && !isDeleting(pod)

/** Whether a pod has been ready for at least `minReadySeconds` at `now`. */
export function isPodAvailable(pod: Pod, minReadySeconds: number, now: number): boolean {
  const ready = conditionOf(pod.status?.conditions, 'Ready')
  if (ready?.status !== 'True') return false
  if (minReadySeconds === 0) return true
  const { lastTransitionTime } = ready
  if (!lastTransitionTime) return false
  return Date.parse(lastTransitionTime) + minReadySeconds * 1_000 <= now
}

export interface PodSummary {
  /** Ready containers of all: "1/2". */
  ready: string
  /** One word: a phase, or the reason that keeps the pod from it. */
  status: string
  /** Restarts, and how long ago the last was: "3 (5m ago)". */
  restarts: string
}

interface Restarts {
  count: number
  lastAt: string | undefined
}

const noRestarts = (): Restarts => ({ count: 0, lastAt: undefined })

function countRestarts(restarts: Restarts, { restartCount, lastState }: ContainerStatus): void {
  restarts.count += restartCount
  const finishedAt = lastState?.terminated?.finishedAt
  if (finishedAt && (restarts.lastAt === undefined || finishedAt > restarts.lastAt))
    restarts.lastAt = finishedAt
}

/** Why a container ended, in a word. */
function endReason({
  reason,
  signal,
  exitCode,
}: {
  reason?: string | undefined
  signal?: number | undefined
  exitCode: number
}): string {
  if (reason) return reason
  return signal ? `Signal:${signal}` : `ExitCode:${exitCode}`
}

interface InitSummary {
  restarts: Restarts
  sidecarRestarts: Restarts
  readySidecars: number
  /** Set while the pod is held up by an init container. */
  reason: string | undefined
}

/** Walks init containers up to the first that has not done its part. */
function summarizeInit(spec: PodSpec, statuses: readonly ContainerStatus[]): InitSummary {
  const sidecars = new Set((spec.initContainers ?? []).filter(isSidecar).map(({ name }) => name))
  const summary: InitSummary = {
    restarts: noRestarts(),
    sidecarRestarts: noRestarts(),
    readySidecars: 0,
    reason: undefined,
  }
  for (const [index, status] of statuses.entries()) {
    countRestarts(summary.restarts, status)
    if (sidecars.has(status.name)) countRestarts(summary.sidecarRestarts, status)
    const { terminated, waiting } = status.state ?? {}
    if (terminated?.exitCode === 0) continue
    if (sidecars.has(status.name) && status.started) {
      if (status.ready) summary.readySidecars++
      continue
    }
    if (terminated) summary.reason = `Init:${endReason(terminated)}`
    else if (waiting?.reason && waiting.reason !== 'PodInitializing')
      summary.reason = `Init:${waiting.reason}`
    else summary.reason = `Init:${index}/${spec.initContainers?.length ?? 0}`
    break
  }
  return summary
}

interface MainSummary {
  ready: number
  reason: string | undefined
  hasRunning: boolean
}

/** The first container with something to say names the reason. */
function summarizeMain(statuses: readonly ContainerStatus[]): MainSummary {
  const summary: MainSummary = { ready: 0, reason: undefined, hasRunning: false }
  for (const { state, ready } of statuses.toReversed()) {
    if (state?.waiting?.reason) summary.reason = state.waiting.reason
    else if (state?.terminated) summary.reason = endReason(state.terminated)
    else if (ready && state?.running) {
      summary.hasRunning = true
      summary.ready++
    }
  }
  return summary
}

/** Status of a pod whose node was lost; Kubernetes' node controller sets it. */
const NODE_LOST = 'NodeLost'

/** What the pod table of Kubernetes shows at `now`. */
export function summarizePod(pod: Pod, now: number): PodSummary {
  const { spec, status } = pod
  const init = summarizeInit(spec, status?.initContainerStatuses ?? [])
  const sidecars = (spec.initContainers ?? []).filter(isSidecar).length
  let { restarts } = init
  let ready = init.readySidecars
  let reason = init.reason ?? baseReason(pod)
  if (init.reason === undefined || isConditionTrue(status?.conditions, 'Initialized')) {
    const statuses = status?.containerStatuses ?? []
    restarts = init.sidecarRestarts
    for (const container of statuses) countRestarts(restarts, container)
    const main = summarizeMain(statuses)
    ready += main.ready
    reason = main.reason ?? reason
    // Some containers are done while others go on.
    if (reason === 'Completed' && main.hasRunning) reason = isPodReady(pod) ? 'Running' : 'NotReady'
  }
  if (isDeleting(pod)) {
    if (status?.reason === NODE_LOST) reason = 'Unknown'
    else if (!isPodFinished(pod)) reason = 'Terminating'
  }
  return {
    ready: `${ready}/${spec.containers.length + sidecars}`,
    status: reason,
    restarts: formatRestarts(restarts, now),
  }
}

function baseReason({ status }: WithStatus): string {
  const scheduled = conditionOf(status?.conditions, 'PodScheduled')
  if (scheduled?.reason === 'SchedulingGated') return 'SchedulingGated'
  return status?.reason || (status?.phase ?? '')
}

function formatRestarts({ count, lastAt }: Restarts, now: number): string {
  return count === 0 || lastAt === undefined
    ? String(count)
    : `${count} (${ageOf(lastAt, now)} ago)`
}
