// What a quota bounds and how much of it is used, counted anew. Pure.
import type { ResourceQuota, ResourceQuotaStatus } from '#kinds/k8s/core.ts'
import type { KubeObject } from '#kinds/object.ts'
import { type Amounts, equalAmounts } from '#kinds/quota/amounts.ts'
import {
  type GroupResource,
  countedKind,
  countsObject,
  quotaRuleOf,
  usageOfAll,
} from '#kinds/quota/usage.ts'
import { kindId } from './followed-kinds.ts'

/** The kinds whose objects a quota counts. */
export function countedKinds({ spec }: ResourceQuota): GroupResource[] {
  const kinds = new Map<string, GroupResource>()
  for (const name of Object.keys(spec.hard ?? {})) {
    const kind = countedKind(name)
    if (kind !== undefined) kinds.set(idOf(kind), kind)
  }
  return [...kinds.values()]
}

const idOf = ({ group, resource }: GroupResource): string => kindId({ group, plural: resource })

/** All objects of one kind in the quota's namespace. */
export interface Counted extends GroupResource {
  objects: readonly KubeObject[]
}

/** The status as it should be. Of a kind that is not served nothing is said to be used. */
export function recountedStatus(
  quota: ResourceQuota,
  counted: readonly Counted[],
  nowMs: number,
): ResourceQuotaStatus {
  let used: Amounts = {}
  for (const kind of counted)
    used = { ...used, ...usageOfAll(quota, quotaRuleOf(kind), { objects: kind.objects, nowMs }) }
  return { hard: { ...quota.spec.hard }, used }
}

export const isSameStatus = (
  a: ResourceQuotaStatus | undefined,
  b: ResourceQuotaStatus | undefined,
): boolean =>
  a?.hard !== undefined &&
  a.used !== undefined &&
  equalAmounts(a.hard, b?.hard ?? {}) &&
  equalAmounts(a.used, b?.used ?? {})

export interface ObjectChange extends GroupResource {
  object: KubeObject
  old: KubeObject
  nowMs: number
}

/** Whether an object counts otherwise than before its change. */
export function countsOtherwise(
  quota: ResourceQuota,
  { object, old, nowMs, ...kind }: ObjectChange,
): boolean {
  const rule = quotaRuleOf(kind)
  return (
    countsObject(quota, rule, object) !== countsObject(quota, rule, old) ||
    !equalAmounts(rule.usageOf(object, nowMs), rule.usageOf(old, nowMs))
  )
}
