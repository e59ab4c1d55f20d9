// All that is checked of the cluster that runs pods, and of the hub.
import type { Fault } from '../faults.ts'
import { addressesUnique } from './addresses-unique.ts'
import { boundedWrites } from './bounded-writes.ts'
import type { BudgetsKept } from './budgets-kept.ts'
import type { Check, CheckContext } from './check.ts'
import { endpointsFresh } from './endpoints-fresh.ts'
import type { FinalizersHonoured } from './finalizers-honoured.ts'
import { namespacesEmpty } from './namespaces-empty.ts'
import { noOvercommit } from './no-overcommit.ts'
import { noSurplusPods } from './no-surplus-pods.ts'
import { nodesTrusted } from './nodes-trusted.ts'
import { oneNodePerPod } from './one-node-per-pod.ts'
import { phasesForward } from './phases-forward.ts'
import type { RolloutAvailability } from './rollout-availability.ts'
import type { UnsureCreations } from './unsure-creations.ts'

export interface MemberChecksOptions {
  availability: RolloutAvailability
  budgets: BudgetsKept
  unsure: UnsureCreations
  finalizers: FinalizersHonoured
  faults: readonly Fault[]
  /** Whether a node is silent by right. */
  isOut: (node: string) => boolean
}

export function memberChecks(context: CheckContext, options: MemberChecksOptions): Check[] {
  const { availability, budgets, unsure, finalizers } = options
  return [
    ...hubChecks(context),
    oneNodePerPod(context),
    noOvercommit(context),
    noSurplusPods(context, (sinceMs) => unsure.recent(sinceMs)),
    phasesForward(context),
    addressesUnique(context),
    endpointsFresh(context),
    nodesTrusted(context, options),
    availability,
    budgets,
    finalizers,
  ]
}

/** What holds in every cluster. */
export function hubChecks(context: CheckContext): Check[] {
  return [namespacesEmpty(context), boundedWrites(context)]
}
