// What a write adds to a quota, and whether that still fits. Pure.
import type { Pod, ResourceQuota } from '#kinds/k8s/core.ts'
import type { KubeObject } from '#kinds/object.ts'
import { addAll, type Amounts, excess, pickAmounts, withoutZeros } from '#kinds/quota/amounts.ts'
import { missingAmounts } from '#kinds/quota/pod-usage.ts'
import { countsObject, quotaRuleOf } from '#kinds/quota/usage.ts'

export interface ChargeSubject {
  group: string
  resource: string
  object: KubeObject
  old: KubeObject | undefined
  nowMs: number
}

export type Charge =
  | { type: 'none' }
  | { type: 'refused'; why: string }
  | { type: 'charged'; used: Amounts }

/** What the quota's status says is bounded counts, not what its spec wishes for. */
export function chargeQuota(quota: ResourceQuota, subject: ChargeSubject): Charge {
  const { object, old, nowMs } = subject
  const rule = quotaRuleOf(subject)
  const { hard = {}, used = {} } = quota.status ?? {}
  const bounded = Object.keys(hard).filter((name) => rule.isAbout(name))
  if (bounded.length === 0 || !countsObject(quota, rule, object)) return { type: 'none' }
  const refused = (why: string): Charge => ({ type: 'refused', why })
  const { name } = quota.metadata
  const missing = isPod(subject) ? missingAmounts(object as Pod, bounded) : undefined
  if (missing !== undefined) return refused(`failed quota: ${name}: ${missing}`)
  if (bounded.some((resource) => used[resource] === undefined))
    return refused(`status unknown for quota: ${name}, resources: ${bounded.toSorted().join(',')}`)
  const wanted = rule.usageOf(object, nowMs)
  const before =
    old === undefined || !countsObject(quota, rule, old) ? {} : rule.usageOf(old, nowMs)
  const requested = pickAmounts(
    withoutZeros(excess(wanted, before)),
    (resource) => hard[resource] !== undefined,
  )
  if (Object.keys(requested).length === 0) return { type: 'none' }
  const next = addAll(used, requested)
  const exceeded = excess(
    pickAmounts(next, (resource) => requested[resource] !== undefined),
    hard,
  )
  const listed = (amounts: Amounts) =>
    listAmounts(pickAmounts(amounts, (resource) => exceeded[resource] !== undefined))
  if (Object.keys(exceeded).length > 0)
    return refused(
      `exceeded quota: ${name}, requested: ${listed(requested)}, used: ${listed(used)}, limited: ${listed(hard)}`,
    )
  return { type: 'charged', used: next }
}

const isPod = ({ group, resource }: ChargeSubject): boolean => group === '' && resource === 'pods'

/** "pods=1,requests.cpu=100m" */
const listAmounts = (amounts: Amounts): string =>
  Object.entries(amounts)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, amount]) => `${name}=${amount}`)
    .join(',')
