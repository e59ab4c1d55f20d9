import type { APIService } from '#kinds/k8s/apiregistration.ts'
import { timestampOf } from '#kinds/meta.ts'
import type { Draft } from '../context.ts'
import type { Verdict } from './check-place.ts'

const AVAILABLE = 'Available'

/** A copy whose Available condition says so; since when, only a change of the status changes. */
export function withVerdict(stored: APIService, verdict: Verdict, nowMs: number): Draft {
  const conditions = stored.status?.conditions ?? []
  const before = conditions.find(({ type }) => type === AVAILABLE)
  const since = before?.status === verdict.status ? before.lastTransitionTime : undefined
  const condition = {
    type: AVAILABLE,
    ...verdict,
    lastTransitionTime: since ?? timestampOf(nowMs),
  }
  return structuredClone({
    ...stored,
    status: {
      conditions: [...conditions.filter(({ type }) => type !== AVAILABLE), condition],
    },
  }) as unknown as Draft
}
