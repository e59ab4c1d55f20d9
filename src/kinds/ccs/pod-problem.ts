// Why an instance is not ready, in a few words, from its pod. The platform puts it into the service's status, the
// command line into what it prints.
import type { ContainerStatus, Pod } from '#kinds/k8s/core.ts'
import { conditionOf } from '#kinds/meta.ts'

export interface PodProblem {
  /** Kubernetes' word for it, such as CrashLoopBackOff. */
  reason: string
  message: string
  /** It will not go away by waiting: the user has to change something. */
  isLasting: boolean
}

/** Not problems but steps of every start. */
const STARTING = new Set(['ContainerCreating', 'PodInitializing'])
const LASTING = new Set([
  'ErrImagePull',
  'ImagePullBackOff',
  'InvalidImageName',
  'ErrImageNeverPull',
  'CreateContainerConfigError',
  'CreateContainerError',
])
/** A container that failed this often is not going to start by itself. */
const RESTARTS_LASTING = 2

/** Undefined when nothing is known to be wrong. */
export function podProblem(pod: Pod): PodProblem | undefined {
  const scheduled = conditionOf(pod.status?.conditions, 'PodScheduled')
  if (scheduled?.status === 'False')
    return {
      reason: 'NoRoom',
      message: `no machine has room: ${roomText(scheduled.message ?? '')}`,
      isLasting: false,
    }
  for (const status of pod.status?.containerStatuses ?? []) {
    const problem = containerProblem(status)
    if (problem !== undefined) return problem
  }
  if (pod.status?.phase === 'Failed')
    return {
      reason: pod.status.reason ?? 'Failed',
      message: pod.status.message ?? 'the instance failed',
      isLasting: false,
    }
  return undefined
}

/** Without what the scheduler says of pods it might put out: a service puts out nobody. */
const roomText = (message: string): string => message.replace(/\.? preemption: .*$/, '')

function containerProblem(status: ContainerStatus): PodProblem | undefined {
  const { waiting, terminated } = status.state ?? {}
  if (waiting?.reason !== undefined && !STARTING.has(waiting.reason)) {
    const { reason, message } = waiting
    const ended = status.lastState?.terminated
    const how = ended === undefined ? '' : ` (it ended with ${endOf(ended)})`
    return {
      reason,
      message: `${message ? `${reason}: ${message}` : reason}${how}`,
      isLasting:
        LASTING.has(reason) ||
        (reason === 'CrashLoopBackOff' && status.restartCount >= RESTARTS_LASTING),
    }
  }
  if (terminated === undefined) return undefined
  return {
    reason: terminated.reason ?? 'Terminated',
    message: `it ended with ${endOf(terminated)}`,
    isLasting: false,
  }
}

const endOf = ({ exitCode, reason }: { exitCode: number; reason?: string | undefined }): string =>
  reason === undefined || reason === 'Error' || reason === 'Completed'
    ? `exit code ${exitCode}`
    : `exit code ${exitCode}, ${reason}`
