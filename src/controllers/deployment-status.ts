// The status of a Deployment: counts, and the conditions by which `kubectl rollout status` tells
// whether it is done, still going on, or stuck. Pure.
import { rfc3339 } from '#base/clock.ts'
import type {
  Deployment,
  DeploymentCondition,
  DeploymentStatus,
  ReplicaSet,
} from '#kinds/k8s/apps.ts'
import { conditionOf } from '#kinds/meta.ts'
import { availableReplicas, rolloutBounds, specReplicas, sumOf } from './rollout-size.ts'

// Reasons of the Progressing condition.
const COMPLETE = 'NewReplicaSetAvailable'
const TIMED_OUT = 'ProgressDeadlineExceeded'
const PAUSED = 'DeploymentPaused'
const RESUMED = 'DeploymentResumed'

/** Kubernetes' way to say "no deadline" in a field that is defaulted: the largest int32. */
const NO_DEADLINE = 2_147_483_647

export function progressDeadlineMs({ spec }: Deployment): number | undefined {
  const seconds = spec.progressDeadlineSeconds
  return seconds === undefined || seconds === NO_DEADLINE ? undefined : seconds * 1000
}

type Conditions = readonly DeploymentCondition[]

/** With a condition in its place; one that says the same status and reason stays untouched. */
export function withDeploymentCondition(
  conditions: Conditions,
  condition: Omit<DeploymentCondition, 'lastTransitionTime' | 'lastUpdateTime'>,
  nowMs: number,
): Conditions {
  const current = conditionOf(conditions, condition.type)
  if (current?.status === condition.status && current.reason === condition.reason) return conditions
  const now = rfc3339(nowMs)
  const since = current?.status === condition.status ? current.lastTransitionTime : now
  const { type, status, reason, message } = condition
  return [
    ...conditions.filter((other) => other.type !== type),
    { type, status, lastUpdateTime: now, lastTransitionTime: since, reason, message },
  ]
}

const positive = (count: number): number | undefined => (count > 0 ? count : undefined)

/** The counts, with the conditions as they are but for Available. */
export function countedStatus(
  deployment: Deployment,
  { newest, all }: { newest: ReplicaSet | undefined; all: readonly ReplicaSet[] },
  nowMs: number,
): DeploymentStatus {
  const old = deployment.status
  const available = sumOf(all, availableReplicas)
  const minAvailable = specReplicas(deployment) - rolloutBounds(deployment).maxUnavailable
  const isAvailable = available >= minAvailable
  return {
    observedGeneration: deployment.metadata.generation,
    replicas: positive(sumOf(all, ({ status }) => status?.replicas ?? 0)),
    updatedReplicas: positive(newest?.status?.replicas ?? 0),
    readyReplicas: positive(sumOf(all, ({ status }) => status?.readyReplicas ?? 0)),
    availableReplicas: positive(available),
    unavailableReplicas: positive(sumOf(all, specReplicas) - available),
    terminatingReplicas: sumOf(all, ({ status }) => status?.terminatingReplicas ?? 0),
    collisionCount: old?.collisionCount,
    conditions: [
      ...withDeploymentCondition(
        old?.conditions ?? [],
        {
          type: 'Available',
          status: isAvailable ? 'True' : 'False',
          reason: isAvailable ? 'MinimumReplicasAvailable' : 'MinimumReplicasUnavailable',
          message: isAvailable
            ? 'Deployment has minimum availability.'
            : 'Deployment does not have minimum availability.',
        },
        nowMs,
      ),
    ],
  }
}

export function isComplete(deployment: Deployment, status: DeploymentStatus): boolean {
  const wanted = specReplicas(deployment)
  return (
    (status.updatedReplicas ?? 0) === wanted &&
    (status.replicas ?? 0) === wanted &&
    (status.availableReplicas ?? 0) === wanted &&
    (status.observedGeneration ?? 0) >= (deployment.metadata.generation ?? 0)
  )
}

function hasProgressed(old: DeploymentStatus, now: DeploymentStatus): boolean {
  const updated = (status: DeploymentStatus) => status.updatedReplicas ?? 0
  const outdated = (status: DeploymentStatus) => (status.replicas ?? 0) - updated(status)
  return (
    updated(now) > updated(old) ||
    outdated(now) < outdated(old) ||
    (now.readyReplicas ?? 0) > (old.readyReplicas ?? 0) ||
    (now.availableReplicas ?? 0) > (old.availableReplicas ?? 0)
  )
}

function hasTimedOut(deployment: Deployment, nowMs: number): boolean {
  const deadlineMs = progressDeadlineMs(deployment)
  const current = conditionOf(deployment.status?.conditions, 'Progressing')
  if (deadlineMs === undefined || !current || current.reason === COMPLETE) return false
  if (current.reason === TIMED_OUT) return true
  return Date.parse(current.lastUpdateTime ?? '') + deadlineMs < nowMs
}

/** Conditions after a look at the rollout: Progressing and ReplicaFailure brought up to date. */
export function withProgress(
  deployment: Deployment,
  status: DeploymentStatus,
  { newest, all }: { newest: ReplicaSet | undefined; all: readonly ReplicaSet[] },
  nowMs: number,
): DeploymentStatus {
  const subject = newest
    ? `ReplicaSet "${newest.metadata.name}"`
    : `Deployment "${deployment.metadata.name}"`
  let conditions: Conditions = status.conditions ?? []
  const current = conditionOf(deployment.status?.conditions, 'Progressing')
  const wasComplete =
    (status.replicas ?? 0) === (status.updatedReplicas ?? 0) && current?.reason === COMPLETE
  const say = (conditionStatus: string, reason: string, message: string): Conditions =>
    withDeploymentCondition(
      conditions,
      { type: 'Progressing', status: conditionStatus, reason, message },
      nowMs,
    )
  if (progressDeadlineMs(deployment) === undefined)
    conditions = conditions.filter(({ type }) => type !== 'Progressing')
  else if (!wasComplete) {
    if (isComplete(deployment, status))
      conditions = say('True', COMPLETE, `${subject} has successfully progressed.`)
    else if (hasProgressed(deployment.status ?? {}, status))
      conditions = progressing(conditions, `${subject} is progressing.`, nowMs)
    else if (hasTimedOut(deployment, nowMs))
      conditions = say('False', TIMED_OUT, `${subject} has timed out progressing.`)
  }
  return { ...status, conditions: [...withFailure(conditions, newest, all)] }
}

/** Every step forward renews the time, which the deadline counts from. */
function progressing(conditions: Conditions, message: string, nowMs: number): Conditions {
  const current = conditionOf(conditions, 'Progressing')
  const now = rfc3339(nowMs)
  const lastTransitionTime = current?.status === 'True' ? current.lastTransitionTime : now
  return [
    ...conditions.filter(({ type }) => type !== 'Progressing'),
    {
      type: 'Progressing',
      status: 'True',
      lastUpdateTime: now,
      lastTransitionTime,
      reason: 'ReplicaSetUpdated',
      message,
    },
  ]
}

/** A failure of the newest set to make pods, or else of any, is one of the Deployment. */
function withFailure(
  conditions: Conditions,
  newest: ReplicaSet | undefined,
  all: readonly ReplicaSet[],
): Conditions {
  const others = conditions.filter(({ type }) => type !== 'ReplicaFailure')
  const failures = [newest, ...all]
    .map((set) => conditionOf(set?.status?.conditions, 'ReplicaFailure'))
    .filter((condition) => condition !== undefined)
  const [failure] = failures
  if (!failure) return others
  const { status, reason, message, lastTransitionTime } = failure
  return [
    ...others,
    {
      type: 'ReplicaFailure',
      status,
      lastUpdateTime: lastTransitionTime,
      lastTransitionTime,
      reason,
      message,
    },
  ]
}

/** Progressing while `paused`, or just resumed, which starts its deadline anew; undefined when it stays. */
export function pauseConditions(deployment: Deployment, nowMs: number): Conditions | undefined {
  if (progressDeadlineMs(deployment) === undefined) return undefined
  const conditions = deployment.status?.conditions ?? []
  const current = conditionOf(conditions, 'Progressing')
  // A rollout that already failed does not become undecided by a pause.
  if (current?.reason === TIMED_OUT) return undefined
  const saysPaused = current?.reason === PAUSED
  const isPaused = deployment.spec.paused ?? false
  if (isPaused === saysPaused) return undefined
  const [reason, message] = isPaused
    ? [PAUSED, 'Deployment is paused']
    : [RESUMED, 'Deployment is resumed']
  const condition = { type: 'Progressing', status: 'Unknown', reason, message }
  return withDeploymentCondition(conditions, condition, nowMs)
}

/** When to look again, so that a rollout without news is found to be stuck in time. */
export function deadlineAfterMs(deployment: Deployment, status: DeploymentStatus, nowMs: number) {
  const deadlineMs = progressDeadlineMs(deployment)
  const current = conditionOf(status.conditions, 'Progressing')
  if (deadlineMs === undefined || !current) return undefined
  if (isComplete(deployment, status) || current.reason === TIMED_OUT) return undefined
  if (current.reason === COMPLETE || current.reason === PAUSED) return undefined
  // Times are in whole seconds: a second more, so that the deadline has surely passed.
  return Math.max(0, Date.parse(current.lastUpdateTime ?? '') + deadlineMs - nowMs) + 1000
}
