// Which pods cannot be taken away without breaking a disruption budget.
import type { PodDisruptionBudget } from '#kinds/k8s/policy.ts'
import { matchesRequirements, requirementsOf } from '#kinds/label-selector.ts'
import type { PlacedPod } from './node-state.ts'

export interface BudgetSplit {
  violating: PlacedPod[]
  harmless: PlacedPod[]
}

/**
 * Takes the pods away in thought, in the order given: those that a budget still allows are harmless.
 * A budget without a selector protects nothing, as in kube-scheduler.
 */
export function splitByBudgets(
  pods: readonly PlacedPod[],
  budgets: readonly PodDisruptionBudget[],
): BudgetSplit {
  const left = budgets.map(({ metadata, spec, status }) => ({
    namespace: metadata.namespace,
    requirements: spec?.selector ? requirementsOf(spec.selector) : [],
    allowed: status?.disruptionsAllowed ?? 0,
    disrupted: status?.disruptedPods ?? {},
  }))
  const split: BudgetSplit = { violating: [], harmless: [] }
  for (const placed of pods) {
    const { name, namespace, labels } = placed.pod.metadata
    let isViolated = false
    for (const budget of left) {
      const { requirements, disrupted } = budget
      if (budget.namespace !== namespace || requirements.length === 0) continue
      if (!matchesRequirements(requirements, labels)) continue
      // It counts as taken away already.
      if (Object.hasOwn(disrupted, name)) continue
      budget.allowed--
      if (budget.allowed < 0) isViolated = true
    }
    ;(isViolated ? split.violating : split.harmless).push(placed)
  }
  return split
}
