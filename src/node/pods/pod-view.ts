// What the agent sees of one pod: the input of `plan-pod.ts` and `pod-status.ts`. Only data.
import type { Container, Pod } from '#kinds/k8s/core.ts'
import type { Refusal } from './admit-pod.ts'
import type { ContainerState, SandboxState } from '../runtime/runtime.ts'

export interface SandboxView {
  id: string
  state: SandboxState
  attempt: number
  addresses: readonly string[]
}

export interface ContainerView {
  id: string
  name: string
  sandboxId: string
  /** How often the container was started before: Kubernetes' restart count. */
  attempt: number
  state: ContainerState
  startedAtMs: number
  finishedAtMs: number
  exitCode: number
  image: string
  imageRef: string
  reason: string
  /** The termination message. */
  message: string
  /** Identity of the part of the spec that cannot change without a restart. */
  hash: string
  /** How long this start was held back; undefined for a first start. */
  restartDelayMs: number | undefined
}

export interface ProbeView {
  /** The startup probe succeeded, or there is none. */
  started: boolean
  ready: boolean
  /** A probe that says that the container must be restarted. */
  failed: 'liveness' | 'startup' | undefined
}

export interface Waiting {
  reason: string
  message?: string
}

export interface PodView {
  pod: Pod
  /** Why the machine did not take the pod. */
  refusal: Refusal | undefined
  /** Why the machine lets the pod go, though it runs. */
  eviction?: Refusal | undefined
  /** Newest first. */
  sandboxes: readonly SandboxView[]
  /** Newest first. */
  containers: readonly ContainerView[]
  /** By container id; a container that runs and is not here has no result yet. */
  probes: ReadonlyMap<string, ProbeView>
  /** Why a container could not be started the last time, by name. */
  waiting: ReadonlyMap<string, Waiting>
  /** Operations that run: their keys are made by `operationKey`. */
  busy: ReadonlySet<string>
  /** When an operation that failed may be tried again, by key. */
  notBeforeMs: ReadonlyMap<string, number>
  /** When containers that are being stopped will be killed, by id. */
  killAtMs: ReadonlyMap<string, number>
  /** Containers, by id, whose users were told of the stop and whose preStop hooks were begun. */
  stopping: ReadonlySet<string>
  /** Containers, by id, whose postStart hook failed. */
  failedHooks: ReadonlySet<string>
  /** When the agent began to end the pod. */
  endingSinceMs: number | undefined
  /** Sandboxes whose network is given back. */
  stoppedSandboxes: ReadonlySet<string>
  volumesReady: boolean
  /** When volumes want to be brought up to date. */
  volumesDueAtMs: number | undefined
  nowMs: number
}

export const operationKey = {
  sandbox: 'sandbox',
  volumes: 'volumes',
  deletion: 'deletion',
  status: 'status',
  container: (name: string) => `container:${name}`,
  removal: (id: string) => `removal:${id}`,
} as const

export const newest = (view: PodView, name: string): ContainerView | undefined =>
  view.containers.find((container) => container.name === name)

/** Whether a container runs already while its postStart hook does, or although that failed. */
export function isStarting(view: PodView, container: ContainerView): boolean {
  if (!isRunning(container)) return false
  if (view.failedHooks.has(container.id)) return true
  const isBusy = view.busy.has(operationKey.container(container.name))
  return isBusy && newest(view, container.name) === container
}

/** The newest start that is over: what users see of a container until the next one is. */
export const newestStarted = (view: PodView, name: string): ContainerView | undefined =>
  view.containers.find(
    (container) =>
      container.name === name && container.state !== 'created' && !isStarting(view, container),
  )

export const newestIn = (
  view: PodView,
  name: string,
  sandboxId: string,
): ContainerView | undefined =>
  view.containers.find((c) => c.name === name && c.sandboxId === sandboxId)

/** An init container that keeps running beside the others. */
export const isSidecar = (container: Container): boolean => container.restartPolicy === 'Always'

export const initContainersOf = (pod: Pod): Container[] => pod.spec.initContainers ?? []

/** Init containers first. */
export const containersOf = (pod: Pod): Container[] => [
  ...initContainersOf(pod),
  ...pod.spec.containers,
]

export const sidecarsOf = (pod: Pod): Container[] => initContainersOf(pod).filter(isSidecar)

export const isRunning = (
  container: ContainerView | undefined,
): container is ContainerView & { state: 'running' | 'unknown' } =>
  container !== undefined && (container.state === 'running' || container.state === 'unknown')

export const hasExited = (
  container: ContainerView | undefined,
): container is ContainerView & { state: 'exited' } => container?.state === 'exited'
