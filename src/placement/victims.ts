// Which pods would have to leave a node so that another can come: as few and as unimportant as can be.
import type { PodDisruptionBudget } from '#kinds/k8s/policy.ts'
import { splitByBudgets } from './budget-violations.ts'
import type { Requirements } from './filters.ts'
import { byImportance, startedAtMs } from './importance.ts'
import type { NodeState, PlacedPod } from './node-state.ts'
import { type Refusal, refusal } from './refusal.ts'

export interface Victims {
  node: string
  /** The most important first. */
  pods: readonly PlacedPod[]
  /** How many of them a disruption budget wants kept. */
  violations: number
}

const NO_VICTIMS = refusal('Preemption', 'No preemption victims found for incoming pod', false)

/**
 * Takes every pod of lower priority away, then gives back the most important ones first as long as
 * the new pod still fits; those that a budget protects are given back before the others.
 */
export function victimsOn(
  node: NodeState,
  requirements: Requirements,
  budgets: readonly PodDisruptionBudget[],
): Victims | Refusal {
  const { priority } = requirements.placed
  const lower = [...node.pods.values()].filter((each) => each.priority < priority)
  if (lower.length === 0) return NO_VICTIMS
  const state = node.copy()
  const away = new Set<PlacedPod>()
  const take = (placed: PlacedPod) => {
    state.removePod(placed.key)
    requirements.suppose(placed, state, -1)
    away.add(placed)
  }
  const giveBack = (placed: PlacedPod) => {
    state.addPod(placed.key, placed)
    requirements.suppose(placed, state, 1)
    away.delete(placed)
  }
  for (const placed of lower) take(placed)
  try {
    const refused = requirements.refusalOf(state)
    if (refused !== undefined) return refused
    const isVictim = (placed: PlacedPod) => {
      giveBack(placed)
      if (requirements.refusalOf(state) === undefined) return false
      take(placed)
      return true
    }
    const { violating, harmless } = splitByBudgets(lower.toSorted(byImportance), budgets)
    const protectedVictims = violating.filter(isVictim)
    const others = harmless.filter(isVictim)
    return {
      node: node.name,
      pods: [...protectedVictims, ...others].toSorted(byImportance),
      violations: protectedVictims.length,
    }
  } finally {
    for (const placed of away) requirements.suppose(placed, state, 1)
  }
}

/** Makes every priority positive, so that more victims always sum up to more. */
const PRIORITY_OFFSET = 2 ** 31

/** What a choice costs, the weightiest first: of two, the one that is lower at the first difference. */
const COSTS: readonly ((victims: Victims) => number)[] = [
  ({ violations }) => violations,
  ({ pods }) => pods[0]?.priority ?? -Infinity,
  ({ pods }) => pods.reduce((sum, { priority }) => sum + priority + PRIORITY_OFFSET, 0),
  ({ pods }) => pods.length,
  // Of the most important victims, one that has run for long should rather stay.
  ({ pods }) => -earliestStart(pods.filter(({ priority }) => priority === pods[0]!.priority)),
]

const earliestStart = (pods: readonly PlacedPod[]): number =>
  pods.reduce((earliest, each) => Math.min(earliest, startedAtMs(each)), Infinity)

/** The choice that does the least harm; of equals, the first. */
export function leastHarm(choices: readonly Victims[]): Victims | undefined {
  let best = choices[0]
  for (const choice of choices.slice(1)) if (isLess(choice, best!)) best = choice
  return best
}

function isLess(a: Victims, b: Victims): boolean {
  for (const costOf of COSTS) {
    const [costA, costB] = [costOf(a), costOf(b)]
    if (costA !== costB) return costA < costB
  }
  return false
}
