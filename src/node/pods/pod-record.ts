// What the agent remembers of a pod between two looks. All of it can be lost: the next look finds
// it again in the runtime and in the API.
import type { Pod } from '#kinds/k8s/core.ts'
import type { Refusal } from './admit-pod.ts'
import type { ContainerView, SandboxView, Waiting } from './pod-view.ts'

export interface Observed {
  sandboxes: readonly SandboxView[]
  containers: readonly ContainerView[]
}

/** A stop that was begun: users were told, the preStop hook runs or ran. */
export interface Stopping {
  /** Resolves when the hook is over; undefined where there is none. */
  hook: Promise<void> | undefined
  /** Aborted when the container has ended: its hook waits for nothing any more. */
  ended: AbortController
}

export interface PodRecord {
  readonly uid: string
  pod: Pod
  /** The API no longer has the pod: what is left of it must go. */
  gone: boolean
  /** The machine has taken the pod; or why it did not. Neither before it was asked. */
  taken: boolean
  refusal: Refusal | undefined
  /** Why the machine let the pod go, though it ran. */
  eviction: Refusal | undefined
  /** Undefined when the runtime must be asked. */
  observed: Observed | undefined
  readonly busy: Set<string>
  readonly failures: Map<string, number>
  readonly notBeforeMs: Map<string, number>
  readonly waiting: Map<string, Waiting>
  readonly killAtMs: Map<string, number>
  readonly stopping: Map<string, Stopping>
  readonly failedHooks: Set<string>
  endingSinceMs: number | undefined
  readonly stoppedSandboxes: Set<string>
  /** Containers, by id, whose held back restart users were told of. */
  readonly toldBackOffs: Set<string>
  /** Stale: what they show has changed since they began to be made the last time. */
  volumes: { ready: boolean; dueAtMs: number | undefined; isStale: boolean }
  /** Aborted when the pod shall end: starts under way give up. */
  readonly ending: AbortController
  /** The last status written and the version that made. */
  written: { status: string; resourceVersion: string | undefined } | undefined
}

export function podRecord(uid: string, pod: Pod): PodRecord {
  return {
    uid,
    pod,
    gone: false,
    taken: false,
    refusal: undefined,
    eviction: undefined,
    observed: undefined,
    busy: new Set(),
    failures: new Map(),
    notBeforeMs: new Map(),
    waiting: new Map(),
    killAtMs: new Map(),
    stopping: new Map(),
    failedHooks: new Set(),
    endingSinceMs: undefined,
    stoppedSandboxes: new Set(),
    toldBackOffs: new Set(),
    volumes: { ready: false, dueAtMs: undefined, isStale: false },
    ending: new AbortController(),
    written: undefined,
  }
}
