// Whether a pod is over, and how it ended.
import type { Container, ContainerRestartRule, Pod } from '#kinds/k8s/core.ts'
import { type PodView, hasExited, initContainersOf, isSidecar, newest } from './pod-view.ts'

export type Outcome = 'Succeeded' | 'Failed'

export const deadlineExceeded = {
  reason: 'DeadlineExceeded',
  message: 'Pod was active on the node longer than the specified deadline',
} as const

export function mayRestart(pod: Pod, container: Container, exitCode: number): boolean {
  const { restartPolicy, restartPolicyRules = [] } = container
  // The container's own word stands over the pod's, and the first rule that matches over both.
  if (restartPolicyRules.some((rule) => matches(rule, exitCode))) return true
  const policy = restartPolicy ?? pod.spec.restartPolicy ?? 'Always'
  return policy === 'Always' || (policy === 'OnFailure' && exitCode !== 0)
}

/** The one action of rules is to restart. */
function matches({ exitCodes }: ContainerRestartRule, exitCode: number): boolean {
  const isNamed = exitCodes?.values?.includes(exitCode) ?? false
  return exitCodes?.operator === 'NotIn' ? !isNamed : isNamed
}

/** A start time is written in whole seconds: the pod may have begun as much later. */
const START_TIME_MS = 999

/** When the pod's active deadline passes; undefined without one. */
export function deadlineMs(pod: Pod): number | undefined {
  const seconds = pod.spec.activeDeadlineSeconds
  const start = pod.status?.startTime
  return seconds === undefined || start === undefined
    ? undefined
    : Date.parse(start) + START_TIME_MS + seconds * 1000
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
    // Init containers that fail are tried again unless they or the pod are never restarted.
    if (!mayRestart(pod, container, last.exitCode)) return 'Failed'
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
  if (view.refusal !== undefined || view.eviction !== undefined) return 'Failed'
  return ownOutcome(view) ?? (pastDeadline(view) ? 'Failed' : undefined)
}

/** Why a pod failed where no container says so. */
export function outcomeReason(view: PodView): { reason: string; message: string } | undefined {
  const { reason, message } = view.pod.status ?? {}
  if (reason !== undefined) return { reason, message: message ?? '' }
  if (view.eviction !== undefined) return view.eviction
  if (view.refusal !== undefined) {
    const { reason: word, message: why } = view.refusal
    return { reason: word, message: `Pod was rejected: ${why}` }
  }
  return ownOutcome(view) === undefined && pastDeadline(view) ? deadlineExceeded : undefined
}
