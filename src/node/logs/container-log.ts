// Which file a client's question for a log means, in the kubelet's words where there is none.
import { badRequest, StatusError } from '#base/errors.ts'
import type { ContainerStatus, Pod } from '#kinds/k8s/core.ts'
import { type MachineDirectories, logPath, podPlaces } from '../container/pod-places.ts'
import type { ContainerView } from '../pods/pod-view.ts'

export interface LogQuestion {
  pod: Pod
  /** Newest first. */
  containers: readonly ContainerView[]
  container: string
  previous: boolean
}

const WAITING_WORDS: Readonly<Record<string, string>> = {
  ErrImagePull: "image can't be pulled",
  ImagePullBackOff: 'trying and failing to pull image',
}

function statusOf({ pod, container }: LogQuestion): ContainerStatus | undefined {
  const { containerStatuses = [], initContainerStatuses = [] } = pod.status ?? {}
  return [...containerStatuses, ...initContainerStatuses].find(({ name }) => name === container)
}

function notStarted(question: LogQuestion): StatusError {
  const { pod, container } = question
  const waiting = statusOf(question)?.state?.waiting
  const title = `container "${container}" in pod "${pod.metadata.name}" is waiting to start`
  if (waiting?.reason === undefined) return badRequest(`${title} - no logs yet`)
  return badRequest(`${title}: ${WAITING_WORDS[waiting.reason] ?? waiting.reason}`)
}

/** The container whose log is meant. Throws what the client is to see. */
export function loggedContainer(question: LogQuestion): ContainerView {
  const { pod, container, previous } = question
  const all = [...pod.spec.containers, ...(pod.spec.initContainers ?? [])]
  if (!all.some(({ name }) => name === container))
    throw new StatusError(
      'NotFound',
      `container "${container}" not found in pod "${pod.metadata.name}_${pod.metadata.namespace}"`,
    )
  const starts = question.containers.filter((c) => c.name === container && c.state !== 'created')
  // While the next start is held back, the last one's log is both the current and the previous.
  const waits = statusOf(question)?.state?.waiting !== undefined
  const chosen = previous && !waits ? starts[1] : starts[0]
  if (chosen !== undefined) return chosen
  if (previous)
    throw badRequest(
      `previous terminated container "${container}" in pod "${pod.metadata.name}" not found`,
    )
  throw notStarted(question)
}

export function logFile(machine: MachineDirectories, pod: Pod, container: ContainerView): string {
  return `${podPlaces(machine, pod).logs}/${logPath(container.name, container.attempt)}`
}
