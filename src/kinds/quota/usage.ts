// What objects of any kind count for in quotas. What a quota bounds is read from the names of its
// resources; how much an object is of it, from the object.
import type {
  PersistentVolumeClaim,
  Pod,
  ResourceQuota,
  ScopedResourceSelectorRequirement,
  Service,
} from '../k8s/core.ts'
import type { KubeObject } from '../object.ts'
import { type Amounts, addAll, pickAmounts } from './amounts.ts'
import { claimUsage, isClaimInScope, isOfClaims } from './claim-usage.ts'
import { isOfPods, isPodInScope, podUsage } from './pod-usage.ts'
import { isOfServices, serviceUsage } from './service-usage.ts'

export interface GroupResource {
  group: string
  /** The plural. */
  resource: string
}

/** How objects of one kind are counted. */
export interface QuotaRule {
  /** Whether a quota of this resource is about objects of the kind. */
  isAbout(resource: string): boolean
  usageOf(object: KubeObject, nowMs: number): Amounts
  isInScope(selector: ScopedResourceSelectorRequirement, object: KubeObject): boolean
}

/** "count/deployments.apps", "count/pods" */
const countName = ({ group, resource }: GroupResource): string =>
  group === '' ? `count/${resource}` : `count/${resource}.${group}`

const OLD_NAMES = new Set(['configmaps', 'resourcequotas', 'replicationcontrollers', 'secrets'])

/** Objects that only their number matters of. */
function countingRule(kind: GroupResource): QuotaRule {
  const names = [countName(kind)]
  if (kind.group === '' && OLD_NAMES.has(kind.resource)) names.push(kind.resource)
  const usage = Object.fromEntries(names.map((name) => [name, '1']))
  return { isAbout: (name) => names.includes(name), usageOf: () => usage, isInScope: () => false }
}

const podRule: QuotaRule = {
  isAbout: isOfPods,
  usageOf: (object, nowMs) => podUsage(object as Pod, nowMs),
  isInScope: (selector, object) => isPodInScope(selector, object as Pod),
}

const serviceRule: QuotaRule = {
  isAbout: isOfServices,
  usageOf: (object) => serviceUsage(object as Service),
  isInScope: () => false,
}

const claimRule: QuotaRule = {
  isAbout: isOfClaims,
  usageOf: (object) => claimUsage(object as PersistentVolumeClaim),
  isInScope: (selector, object) => isClaimInScope(selector, object as PersistentVolumeClaim),
}

const OWN_RULES: Readonly<Record<string, QuotaRule>> = {
  '/pods': podRule,
  '/services': serviceRule,
  '/persistentvolumeclaims': claimRule,
}

export const quotaRuleOf = (kind: GroupResource): QuotaRule =>
  OWN_RULES[`${kind.group}/${kind.resource}`] ?? countingRule(kind)

/** The kind whose objects a resource of a quota counts; undefined when it names none. */
export function countedKind(name: string): GroupResource | undefined {
  if (isOfPods(name)) return { group: '', resource: 'pods' }
  if (isOfServices(name)) return { group: '', resource: 'services' }
  if (isOfClaims(name)) return { group: '', resource: 'persistentvolumeclaims' }
  if (OLD_NAMES.has(name)) return { group: '', resource: name }
  if (!name.startsWith('count/')) return undefined
  const [resource = '', ...group] = name.slice('count/'.length).split('.')
  return { group: group.join('.'), resource }
}

export function scopesOf({ spec }: ResourceQuota): ScopedResourceSelectorRequirement[] {
  const plain = (spec.scopes ?? []).map((scopeName): ScopedResourceSelectorRequirement => ({
    scopeName,
    operator: 'Exists',
  }))
  return [...plain, ...(spec.scopeSelector?.matchExpressions ?? [])]
}

/** Whether the quota counts the object at all. */
export const countsObject = (quota: ResourceQuota, rule: QuotaRule, object: KubeObject): boolean =>
  scopesOf(quota).every((selector) => rule.isInScope(selector, object))

/** What objects of one kind use of what the quota bounds; zeros included. */
export function usageOfAll(
  quota: ResourceQuota,
  rule: QuotaRule,
  { objects, nowMs }: { objects: readonly KubeObject[]; nowMs: number },
): Amounts {
  const bounded = Object.keys(quota.spec.hard ?? {}).filter((name) => rule.isAbout(name))
  let used: Amounts = Object.fromEntries(bounded.map((name) => [name, '0']))
  for (const object of objects)
    if (countsObject(quota, rule, object))
      used = addAll(
        used,
        pickAmounts(rule.usageOf(object, nowMs), (name) => used[name] !== undefined),
      )
  return used
}
