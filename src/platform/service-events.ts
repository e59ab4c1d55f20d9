// Pure: what a change of a service's status is worth telling.
import type { EventText } from '#client/event-recorder.ts'
import type { ContainerServiceStatus } from '#kinds/ccs/container-service.ts'
import { conditionOf } from '#kinds/meta.ts'

const WARNINGS: readonly ContainerServiceStatus['phase'][] = ['Degraded', 'Failed']

/**
 * That it is not well, with the reason, and that it is again. How an update goes is told by the Deployment; an object has
 * only so many events before it is held to be a nuisance.
 */
export function statusEvents(
  before: ContainerServiceStatus | undefined,
  after: ContainerServiceStatus,
): EventText[] {
  const was = conditionOf(before?.conditions, 'Ready')
  const is = conditionOf(after.conditions, 'Ready')
  if (is === undefined || (before?.phase === after.phase && was?.reason === is.reason)) return []
  const isBad = WARNINGS.includes(after.phase)
  const isRecovery =
    after.phase === 'Ready' && before !== undefined && WARNINGS.includes(before.phase)
  if (!isBad && !isRecovery) return []
  return [
    {
      type: isBad ? 'Warning' : 'Normal',
      reason: is.reason ?? after.phase,
      message: is.message ?? '',
    },
  ]
}
