// Whether a pod is over, and how it ended.
import type { Container, Pod } from '#kinds/k8s/core.ts'
import { type PodView, hasExited, initContainersOf, isSidecar, newest } from './pod-view.ts'

export type Outcome = 'Succeeded' | 'Failed'

export const deadlineExceeded = {
  reason: 'DeadlineExceeded',
  message: 'Pod was active on the node longer than the specified deadline',
} as const

export function mayRestart(pod: Pod, container: Container, exitCode: number): boolean {
  if (isSidecar(container)) return true
  const policy = pod.spec.restartPolicy ?? 'Always'
  return policy === 'Always' ? true : policy === 'OnFailure' && exitCode !== 0
}

/** When the pod's active deadline passes; undefined without one. */
export function deadlineMs(pod: Pod): number | undefined {
  const seconds = pod.spec.activeDeadlineSeconds
  const start = pod.status?.startTime
  return seconds === undefined || start === undefined
    ? undefined
    : Date.parse(start) + seconds * 1000
}

const pastDeadline = (view: PodView): boolean => {
  const deadline = deadlineMs(view.pod)
  return deadline !== undefined && view.nowMs >= deadline
}

/** How the pod ended by itself; undefined while it has work to do or may be restarted. */
function ownOutcome(view: PodView): Outcome | undefined {
  const { pod } = view
  for (const container of initContainersOf(pod)) {
    const last = newest(view, container.name)
    if (isSidecar(container) || !hasExited(last) || last.exitCode === 0) continue
    // Init containers that fail are tried again unless the pod is never restarted.
    if (pod.spec.restartPolicy === 'Never') return 'Failed'
  }
  const ends = pod.spec.containers.map((container) => ({
    container,
    last: newest(view, container.name),
  }))
  let failed = false
  for (const { container, last } of ends) {
    if (!hasExited(last) || mayRestart(pod, container, last.exitCode)) return undefined
    failed ||= last.exitCode !== 0
  }
  return failed ? 'Failed' : 'Succeeded'
}

/** The phase a pod has reached for good, whatever its containers still do. */
export function outcomeOf(view: PodView): Outcome | undefined {
  const phase = view.pod.status?.phase
  if (phase === 'Succeeded' || phase === 'Failed') return phase
  return ownOutcome(view) ?? (pastDeadline(view) ? 'Failed' : undefined)
}

/** Why a pod failed where no container says so. */
export function outcomeReason(view: PodView): { reason: string; message: string } | undefined {
  const { reason, message } = view.pod.status ?? {}
  if (reason !== undefined) return { reason, message: message ?? '' }
  return ownOutcome(view) === undefined && pastDeadline(view) ? deadlineExceeded : undefined
}
