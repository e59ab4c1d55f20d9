// Pure: what a change of a service's status is worth telling.
import type { EventText } from '#client/event-recorder.ts'
import type { ContainerServiceStatus } from '#kinds/ccs/container-service.ts'
import { conditionOf } from '#kinds/meta.ts'

const WARNINGS: readonly ContainerServiceStatus['phase'][] = ['Degraded', 'Failed']

/** A new phase, or another reason for a bad one. The count of ready instances alone is no news. */
export function statusEvents(
  before: ContainerServiceStatus | undefined,
  after: ContainerServiceStatus,
): EventText[] {
  const was = conditionOf(before?.conditions, 'Ready')
  const is = conditionOf(after.conditions, 'Ready')
  if (is === undefined || after.phase === 'Pending') return []
  if (before?.phase === after.phase && was?.reason === is.reason) return []
  return [
    {
      type: WARNINGS.includes(after.phase) ? 'Warning' : 'Normal',
      reason: is.reason ?? after.phase,
      message: is.message ?? '',
    },
  ]
}
