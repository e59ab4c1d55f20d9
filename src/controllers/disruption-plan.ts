// How many pods of a PodDisruptionBudget may be evicted now. Pure.
import { scaledValue } from '#kinds/int-or-string.ts'
import type { Pod } from '#kinds/k8s/core.ts'
import type { Condition } from '#kinds/k8s/meta.ts'
import type { PodDisruptionBudget, PodDisruptionBudgetStatus } from '#kinds/k8s/policy.ts'
import { isDeleting, withCondition } from '#kinds/meta.ts'
import { isPodReady } from '#kinds/pod-status.ts'

/** An eviction that was granted and has not shown within this time has failed. */
const DISRUPTION_TIMEOUT_MS = 120_000

export interface DisruptionSnapshot {
  budget: PodDisruptionBudget
  /** Active pods that the budget selects. */
  pods: readonly Pod[]
  /** How many pods their controllers want altogether. */
  wantedPods: number
  nowMs: number
}

export function disruptionStatus(snapshot: DisruptionSnapshot): PodDisruptionBudgetStatus {
  const { budget, pods, nowMs } = snapshot
  const disruptedPods = disruptionsUnderWay(snapshot)
  const currentHealthy = pods.filter(
    (pod) => isPodReady(pod) && !isDeleting(pod) && !(pod.metadata.name in disruptedPods),
  ).length
  const { expectedPods, desiredHealthy } = bounds(snapshot)
  const spare = expectedPods > 0 ? Math.max(0, currentHealthy - desiredHealthy) : 0
  return {
    ...(Object.keys(disruptedPods).length > 0 ? { disruptedPods } : {}),
    currentHealthy,
    desiredHealthy,
    expectedPods,
    disruptionsAllowed: spare,
    observedGeneration: budget.metadata.generation,
    conditions: withCondition<Condition>(
      budget.status?.conditions,
      {
        type: 'DisruptionAllowed',
        status: spare > 0 ? 'True' : 'False',
        reason: spare > 0 ? 'SufficientPods' : 'InsufficientPods',
        message: '',
        observedGeneration: budget.metadata.generation,
      },
      nowMs,
    ),
  }
}

function bounds({ budget, pods, wantedPods }: DisruptionSnapshot) {
  const { minAvailable, maxUnavailable } = budget.spec
  if (maxUnavailable !== undefined) {
    const unavailable = scaledValue(maxUnavailable, wantedPods, 'up')
    return { expectedPods: wantedPods, desiredHealthy: Math.max(0, wantedPods - unavailable) }
  }
  // A plain number needs no idea of the whole, so that it also works for pods without a controller.
  if (typeof minAvailable === 'number')
    return { expectedPods: pods.length, desiredHealthy: minAvailable }
  const desiredHealthy = scaledValue(minAvailable ?? 1, wantedPods, 'up')
  return { expectedPods: wantedPods, desiredHealthy }
}

/** Evictions that were granted and whose pods have yet to go. */
function disruptionsUnderWay({ budget, pods, nowMs }: DisruptionSnapshot): Record<string, string> {
  const waiting = new Set(
    pods.filter((pod) => !isDeleting(pod)).map(({ metadata }) => metadata.name),
  )
  return Object.fromEntries(
    Object.entries(budget.status?.disruptedPods ?? {}).filter(
      ([name, since]) => waiting.has(name) && Date.parse(since) + DISRUPTION_TIMEOUT_MS > nowMs,
    ),
  )
}

/** When an eviction under way is given up; undefined when there is none. */
export function nextTimeoutMs(
  status: PodDisruptionBudgetStatus,
  nowMs: number,
): number | undefined {
  const times = Object.values(status.disruptedPods ?? {}).map((since) => Date.parse(since))
  return times.length > 0 ? Math.min(...times) + DISRUPTION_TIMEOUT_MS - nowMs : undefined
}
