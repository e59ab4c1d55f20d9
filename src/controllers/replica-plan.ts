// How many pods an owner lacks or has too many, and the status that says so. Pure.
import { rfc3339 } from '#base/clock.ts'
import type { ReplicaSetCondition, ReplicaSetStatus } from '#kinds/k8s/apps.ts'
import type { Pod, PodTemplateSpec } from '#kinds/k8s/core.ts'
import { matchesLabelMap } from '#kinds/label-selector.ts'
import type { KubeObject } from '#kinds/object.ts'
import { isPodAvailable, isPodReady } from '#kinds/pod-status.ts'
import { inDeletionOrder } from './pod-deletion-order.ts'

/** What a ReplicaSet and a ReplicationController have in common. */
export interface ReplicaOwner extends KubeObject {
  spec: {
    replicas?: number | undefined
    minReadySeconds?: number | undefined
    template?: PodTemplateSpec | undefined
  }
  status?: { conditions?: ReplicaSetCondition[] | undefined } | undefined
}

export type ReplicaStatus = ReplicaSetStatus

/** Most pods that one look at an owner creates or deletes. */
export const BURST_PODS_MAX = 500

export interface ReplicaSnapshot<T extends ReplicaOwner = ReplicaOwner> {
  owner: T
  /** Its pods that run or are to run. */
  active: readonly Pod[]
  /** Its pods that are being deleted. */
  terminating: readonly Pod[]
  /** Active pods of all owners with the same controller, its own included. */
  related: readonly Pod[]
  nowMs: number
}

export type ReplicaPlan =
  | { type: 'enough' }
  | { type: 'create'; count: number }
  | { type: 'delete'; pods: Pod[] }

export function planReplicas(snapshot: ReplicaSnapshot): ReplicaPlan {
  const { owner, active, related, nowMs } = snapshot
  const wanted = owner.spec.replicas ?? 1
  const surplus = active.length - wanted
  if (surplus === 0) return { type: 'enough' }
  if (surplus < 0) return { type: 'create', count: Math.min(-surplus, BURST_PODS_MAX) }
  const perNode = Map.groupBy(related, ({ spec }) => spec.nodeName ?? '')
  const podsOnNode = (node: string) => perNode.get(node)?.length ?? 0
  const ordered = inDeletionOrder(active, podsOnNode, nowMs)
  return { type: 'delete', pods: ordered.slice(0, Math.min(surplus, BURST_PODS_MAX)) }
}

const positive = (count: number): number | undefined => (count > 0 ? count : undefined)

export function replicaStatus(
  { owner, active, terminating, nowMs }: ReplicaSnapshot,
  failure: { reason: 'FailedCreate' | 'FailedDelete'; message: string } | undefined,
): ReplicaStatus {
  const { minReadySeconds = 0, template } = owner.spec
  const labels = template?.metadata?.labels ?? {}
  const count = (test: (pod: Pod) => boolean) => positive(active.filter(test).length)
  return {
    replicas: active.length,
    fullyLabeledReplicas: count(({ metadata }) => matchesLabelMap(labels, metadata.labels)),
    readyReplicas: count(isPodReady),
    availableReplicas: count((pod) => isPodAvailable(pod, minReadySeconds, nowMs)),
    terminatingReplicas: terminating.length,
    observedGeneration: owner.metadata.generation,
    conditions: failureConditions(owner.status?.conditions ?? [], failure, nowMs),
  }
}

function failureConditions(
  old: readonly ReplicaSetCondition[],
  failure: { reason: string; message: string } | undefined,
  nowMs: number,
): ReplicaSetCondition[] | undefined {
  const others = old.filter(({ type }) => type !== 'ReplicaFailure')
  const known = old.find(({ type }) => type === 'ReplicaFailure')
  if (!failure) return others.length > 0 ? others : undefined
  // The first message stays: a newer one names another pod, and each write would be a change that
  // brings the next try at once, past all back-off.
  if (known) return [...others, known]
  const lastTransitionTime = rfc3339(nowMs)
  return [...others, { type: 'ReplicaFailure', status: 'True', lastTransitionTime, ...failure }]
}
