// What a Deployment notes on its ReplicaSets: their revision, and the size it had when it scaled them.
import type { Deployment, ReplicaSet } from '#kinds/k8s/apps.ts'

export const REVISION = 'deployment.kubernetes.io/revision'
const REVISION_HISTORY = 'deployment.kubernetes.io/revision-history'
const DESIRED_REPLICAS = 'deployment.kubernetes.io/desired-replicas'
const MAX_REPLICAS = 'deployment.kubernetes.io/max-replicas'

const HISTORY_CHARS_MAX = 2_000

/** Annotations of a Deployment that say nothing about its ReplicaSets. */
const NOT_COPIED = new Set([
  'kubectl.kubernetes.io/last-applied-configuration',
  'deprecated.deployment.rollback.to',
  REVISION,
  REVISION_HISTORY,
  DESIRED_REPLICAS,
  MAX_REPLICAS,
])

type Annotations = Record<string, string>

const numberIn = (replicaSet: ReplicaSet, name: string): number | undefined => {
  const text = replicaSet.metadata.annotations?.[name]
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : undefined
}

export const revisionOf = (replicaSet: ReplicaSet): number => numberIn(replicaSet, REVISION) ?? 0
export const desiredReplicasOf = (replicaSet: ReplicaSet) => numberIn(replicaSet, DESIRED_REPLICAS)
export const maxReplicasOf = (replicaSet: ReplicaSet) => numberIn(replicaSet, MAX_REPLICAS)

export function maxRevision(replicaSets: readonly ReplicaSet[]): number {
  return Math.max(0, ...replicaSets.map(revisionOf))
}

export function sizeAnnotations(desired: number, maxSurge: number): Annotations {
  return { [DESIRED_REPLICAS]: String(desired), [MAX_REPLICAS]: String(desired + maxSurge) }
}

/** Annotations of the newest ReplicaSet, given those it has. */
export function newestAnnotations(
  deployment: Deployment,
  current: Annotations,
  revision: number,
): Annotations {
  const copied = Object.entries(deployment.metadata.annotations ?? {}).filter(
    ([name]) => !NOT_COPIED.has(name),
  )
  const next = { ...current, ...Object.fromEntries(copied) }
  const old = current[REVISION]
  if (old !== undefined && Number(old) >= revision) return next
  next[REVISION] = String(revision)
  if (old !== undefined) next[REVISION_HISTORY] = withHistory(current[REVISION_HISTORY], old)
  return next
}

/** Revisions that a ReplicaSet had before it was rolled back to; the oldest are dropped when too many. */
function withHistory(history: string | undefined, revision: string): string {
  const revisions = [...(history ? history.split(',') : []), revision]
  while (revisions.join(',').length > HISTORY_CHARS_MAX) revisions.shift()
  return revisions.join(',')
}
