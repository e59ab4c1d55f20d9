// The status of a pod as the API shows it: a pure function of what is seen and of the status before.
import { rfc3339 } from '#base/clock.ts'
import type { Pod, PodStatus } from '#kinds/k8s/core.ts'
import { containerStatus } from './container-status.ts'
import { podConditions } from './pod-conditions.ts'
import { type Outcome, outcomeOf, outcomeReason } from './pod-outcome.ts'
import {
  type PodView,
  hasExited,
  initContainersOf,
  isRunning,
  isSidecar,
  newest,
  newestStarted,
} from './pod-view.ts'

export interface StatusOptions {
  /** The machine's own addresses. */
  hostAddresses: readonly string[]
}

const allStopped = (view: PodView): boolean => !view.containers.some(isRunning)

/** How a pod that was told to end did end, once nothing of it runs. */
function outcomeOfDeleted(view: PodView): Outcome | undefined {
  if (view.pod.metadata.deletionTimestamp === undefined || !allStopped(view)) return undefined
  const ends = view.pod.spec.containers.map(({ name }) => newest(view, name))
  if (ends.some((end) => end === undefined)) return undefined
  return ends.every((end) => end?.exitCode === 0) ? 'Succeeded' : 'Failed'
}

function initDone(view: PodView): boolean {
  return initContainersOf(view.pod).every((container) => {
    const last = newest(view, container.name)
    if (isSidecar(container)) return newestStarted(view, container.name) !== undefined
    return hasExited(last) && last.exitCode === 0
  })
}

function phaseOf(view: PodView): NonNullable<PodStatus['phase']> {
  const outcome = outcomeOf(view)
  // A pod is only over when nothing of it runs any more.
  if (outcome !== undefined && (allStopped(view) || view.pod.status?.phase === outcome))
    return outcome
  const deleted = outcomeOfDeleted(view)
  if (deleted !== undefined) return deleted
  const known = view.pod.status?.phase
  const started = view.pod.spec.containers.every(({ name }) => {
    return newestStarted(view, name) !== undefined
  })
  if (started && initDone(view)) return 'Running'
  return known === 'Running' ? 'Running' : 'Pending'
}

/**
 * The addresses stay known after the sandbox is gone: they tell where the pod was. As with a kubelet,
 * they are first told of when a container was made or could not be.
 */
function addressesOf(view: PodView, options: StatusOptions): readonly string[] {
  const { pod } = view
  if (pod.spec.hostNetwork === true) return options.hostAddresses
  if (view.containers.length === 0 && view.waiting.size === 0) return []
  const current = view.sandboxes[0]?.addresses ?? []
  return current.length > 0 ? current : (pod.status?.podIPs ?? []).map(({ ip }) => ip)
}

const generationOf = (pod: Pod) =>
  pod.metadata.generation === undefined ? {} : { observedGeneration: pod.metadata.generation }

/** Of a pod that the machine never took there is nothing to tell but that. */
function refusedStatus(view: PodView): PodStatus {
  const { pod, nowMs } = view
  const { status: before = {} } = pod
  return {
    ...before,
    ...generationOf(pod),
    ...outcomeReason(view),
    phase: 'Failed',
    startTime: before.startTime ?? rfc3339(nowMs),
  }
}

const wasNeverTaken = ({ refusal, pod: { status }, containers }: PodView): boolean =>
  refusal !== undefined ||
  (status?.phase === 'Failed' && status.containerStatuses === undefined && containers.length === 0)

export function podStatus(view: PodView, options: StatusOptions): PodStatus {
  if (wasNeverTaken(view)) return refusedStatus(view)
  const { pod } = view
  const before = pod.status ?? {}
  const phase = phaseOf(view)
  const addresses = addressesOf(view, options)
  const [hostIP] = options.hostAddresses
  const [podIP] = addresses
  const inits = initContainersOf(pod)
  const initContainerStatuses = inits.map((container) => containerStatus(view, container))
  const containerStatuses = pod.spec.containers.map((c) => containerStatus(view, c))
  const statuses = { initContainerStatuses, containerStatuses }
  const over = phase === 'Succeeded' || phase === 'Failed'
  return {
    ...before,
    ...generationOf(pod),
    ...(over ? outcomeReason(view) : {}),
    phase,
    conditions: podConditions(view, { phase, ...statuses }),
    ...(hostIP === undefined
      ? {}
      : { hostIP, hostIPs: options.hostAddresses.map((ip) => ({ ip })) }),
    ...(podIP === undefined ? {} : { podIP, podIPs: addresses.map((ip) => ({ ip })) }),
    startTime: before.startTime ?? rfc3339(view.nowMs),
    ...(inits.length > 0 ? { initContainerStatuses } : {}),
    containerStatuses,
    resources: pod.spec.resources ?? {},
  }
}
