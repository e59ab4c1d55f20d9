// The arithmetic of rolling updates: how many pods each ReplicaSet may have. Pure.
import { scaledValue } from '#kinds/int-or-string.ts'
import type { Deployment, ReplicaSet } from '#kinds/k8s/apps.ts'
import { maxReplicasOf } from './replica-set-annotations.ts'

export const specReplicas = ({ spec }: { spec: { replicas?: number | undefined } }): number =>
  spec.replicas ?? 1

export const sumOf = <T>(items: readonly T[], value: (item: T) => number): number =>
  items.reduce((sum, item) => sum + value(item), 0)

export const availableReplicas = ({ status }: ReplicaSet): number => status?.availableReplicas ?? 0

export const isRollingUpdate = ({ spec }: Deployment): boolean =>
  (spec.strategy?.type ?? 'RollingUpdate') === 'RollingUpdate'

export interface RolloutBounds {
  maxSurge: number
  maxUnavailable: number
}

export function rolloutBounds(deployment: Deployment): RolloutBounds {
  if (!isRollingUpdate(deployment)) return { maxSurge: 0, maxUnavailable: 0 }
  const replicas = specReplicas(deployment)
  const rolling = deployment.spec.strategy?.rollingUpdate
  const maxSurge = scaledValue(rolling?.maxSurge ?? '25%', replicas, 'up')
  const unavailable = scaledValue(rolling?.maxUnavailable ?? '25%', replicas, 'down')
  // Percentages may round to 0 and 0, with which nothing could ever be replaced.
  const maxUnavailable = maxSurge === 0 && unavailable === 0 ? 1 : unavailable
  return { maxSurge, maxUnavailable: Math.min(maxUnavailable, replicas) }
}

/** Size of the newest ReplicaSet (now of size `current`) on its way up. */
export function newReplicaSetSize(
  deployment: Deployment,
  all: readonly ReplicaSet[],
  current: number,
): number {
  const wanted = specReplicas(deployment)
  if (!isRollingUpdate(deployment)) return wanted
  const room = wanted + rolloutBounds(deployment).maxSurge - sumOf(all, specReplicas)
  return room <= 0 ? current : current + Math.min(room, wanted - current)
}

const byCreation = (a: ReplicaSet, b: ReplicaSet): number => {
  const [left, right] = [a.metadata.creationTimestamp ?? '', b.metadata.creationTimestamp ?? '']
  if (left !== right) return left < right ? -1 : 1
  return a.metadata.name < b.metadata.name ? -1 : 1
}

export const oldestFirst = (sets: readonly ReplicaSet[]): ReplicaSet[] => sets.toSorted(byCreation)

/** New sizes by name; a set that is not in it keeps its size. */
export type Sizes = Map<string, number>

/** Which old pods may go without dropping below what must be available: unhealthy ones first. */
export function oldReplicaSetSizes(
  deployment: Deployment,
  newest: ReplicaSet,
  old: readonly ReplicaSet[],
): Sizes {
  const sizes: Sizes = new Map(old.map((set) => [set.metadata.name, specReplicas(set)]))
  const minAvailable = specReplicas(deployment) - rolloutBounds(deployment).maxUnavailable
  const newUnavailable = specReplicas(newest) - availableReplicas(newest)
  let removable = sumOf([newest, ...old], specReplicas) - minAvailable - newUnavailable
  if (removable <= 0) return new Map()

  const ordered = oldestFirst(old)
  const take = (set: ReplicaSet, count: number): number => {
    const size = sizes.get(set.metadata.name) ?? 0
    const taken = Math.max(0, Math.min(size, count))
    sizes.set(set.metadata.name, size - taken)
    return taken
  }
  for (const set of ordered) {
    const unhealthy = specReplicas(set) - availableReplicas(set)
    removable -= take(set, Math.min(removable, unhealthy))
  }
  // A set that was just made smaller still counts those that it is about to let go.
  const lasting = (set: ReplicaSet) => Math.min(availableReplicas(set), specReplicas(set))
  let spare = sumOf([newest, ...old], lasting) - minAvailable
  for (const set of ordered) spare -= take(set, spare)
  return sizes
}

/** Shares a change of the whole size among sets that run, so that each keeps its part. */
export function proportionalSizes(deployment: Deployment, active: readonly ReplicaSet[]): Sizes {
  const wanted = specReplicas(deployment)
  const allowed = wanted > 0 ? wanted + rolloutBounds(deployment).maxSurge : 0
  const change = allowed - sumOf(active, specReplicas)
  // What rounding leaves goes to the largest; of equals to the newest when growing.
  const ordered = active.toSorted((a, b) => {
    const bySize = specReplicas(b) - specReplicas(a)
    return bySize === 0 ? (change > 0 ? byCreation(b, a) : byCreation(a, b)) : bySize
  })
  const sizes: Sizes = new Map()
  let given = 0
  for (const set of ordered) {
    const share = change === 0 ? 0 : shareOf(deployment, set, allowed)
    const left = change - given
    const taken = change > 0 ? Math.min(share, left) : Math.max(share, left)
    given += taken
    sizes.set(set.metadata.name, specReplicas(set) + taken)
  }
  const [largest] = ordered
  if (largest && change !== 0) {
    const { name } = largest.metadata
    sizes.set(name, Math.max(0, (sizes.get(name) ?? 0) + change - given))
  }
  return sizes
}

/** By how much a set grows when the whole goes from what it was when the set was scaled last to `allowed`. */
function shareOf(deployment: Deployment, set: ReplicaSet, allowed: number): number {
  const size = specReplicas(set)
  if (size === 0) return 0
  if (specReplicas(deployment) === 0) return -size
  const before = maxReplicasOf(set) || deployment.status?.replicas || 0
  if (before === 0) return 0
  return Math.round((size * allowed) / before) - size
}
