import type { PodDisruptionBudget } from '#kinds/k8s/policy.ts'
import { matchesLabelSelector } from '#kinds/label-selector.ts'
import { keyOf } from '#kinds/object.ts'
import { isPodReady } from '#kinds/pod-status.ts'
import { podDisruptionBudgets, pods } from '#kinds/refs.ts'
import type { DurableState } from '../api/durable-state.ts'

export function unsettledBudgets(state: DurableState): string[] {
  return state.list(podDisruptionBudgets).flatMap((budget) => {
    const problem = problemOf(state, budget)
    return problem === undefined ? [] : [`budget ${keyOf(budget)} ${problem}`]
  })
}

function problemOf(
  state: DurableState,
  { metadata, spec, status }: PodDisruptionBudget,
): string | undefined {
  if (status === undefined || status.observedGeneration !== metadata.generation)
    return 'has a newest generation that was not observed'
  const healthy = state
    .list(pods)
    .filter((pod) => pod.metadata.namespace === metadata.namespace)
    .filter((pod) => matchesLabelSelector(spec.selector, pod.metadata.labels))
    .filter(isPodReady).length
  if (status.currentHealthy !== healthy)
    return `counts ${status.currentHealthy} healthy pods, and there are ${healthy}`
  return Object.keys(status.disruptedPods ?? {}).length > 0
    ? 'waits for evictions that are long over'
    : undefined
}
