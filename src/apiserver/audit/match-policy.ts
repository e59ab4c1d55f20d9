// Which rule of an audit policy speaks about a request: the first that matches. Pure.
// https://kubernetes.io/docs/reference/config-api/apiserver-audit.v1/#audit-k8s-io-v1-PolicyRule
import type { UserInfo } from '#base/api-call.ts'
import type {
  AuditGroupResources,
  AuditLevel,
  AuditPolicy,
  AuditPolicyRule,
  AuditStage,
} from '#kinds/k8s/audit.ts'
import type { RequestInfo, ResourceRequest } from '../request-info.ts'

export interface AuditVerdict {
  level: AuditLevel
  omitStages: readonly AuditStage[]
  omitManagedFields: boolean
}

export interface AuditSubject {
  /** Who authenticated; undefined where that failed. */
  user: UserInfo | undefined
  info: RequestInfo
}

/** What no rule speaks about is not logged. */
export function matchPolicy(policy: AuditPolicy, subject: AuditSubject): AuditVerdict {
  const rule = policy.rules.find((one) => ruleMatches(one, subject))
  return {
    level: rule?.level ?? 'None',
    omitStages: bothOf(policy.omitStages, rule?.omitStages),
    omitManagedFields: rule?.omitManagedFields ?? policy.omitManagedFields ?? false,
  }
}

/** Of every request: most policies have only one of the two, and nothing is copied. */
const bothOf = (
  ofPolicy: readonly AuditStage[] = [],
  ofRule: readonly AuditStage[] = [],
): readonly AuditStage[] => {
  if (ofRule.length === 0) return ofPolicy
  return ofPolicy.length === 0 ? ofRule : [...ofPolicy, ...ofRule]
}

/** A list that is empty or not there asks for nothing. */
const isSet = <Item>(list: readonly Item[] | undefined): list is readonly Item[] =>
  list !== undefined && list.length > 0

function ruleMatches(rule: AuditPolicyRule, { user, info }: AuditSubject): boolean {
  const { users, userGroups, verbs, namespaces, resources, nonResourceURLs } = rule
  if (isSet(users) && (user === undefined || !users.includes(user.username))) return false
  if (isSet(userGroups) && !userGroups.some((group) => user?.groups.includes(group))) return false
  if (isSet(verbs) && !verbs.includes(info.verb)) return false
  if (isSet(namespaces) || isSet(resources))
    return info.type === 'resource' && resourceMatches(rule, info)
  if (isSet(nonResourceURLs))
    return info.type === 'path' && nonResourceURLs.some((url) => pathMatches(url, info.path))
  return true
}

function pathMatches(url: string, path: string): boolean {
  if (url === '*' || url === path) return true
  return url.endsWith('*') && path.startsWith(url.replace(/\*+$/, ''))
}

function resourceMatches(
  { namespaces, resources }: AuditPolicyRule,
  info: ResourceRequest,
): boolean {
  // What is in no namespace has the empty one.
  if (isSet(namespaces) && !namespaces.includes(info.namespace ?? '')) return false
  return !isSet(resources) || resources.some((one) => groupMatches(one, info))
}

function groupMatches(
  { group = '', resources, resourceNames }: AuditGroupResources,
  { group: asked, resource, subresource, name }: ResourceRequest,
): boolean {
  if (group !== asked) return false
  if (!isSet(resources)) return true
  if (isSet(resourceNames) && !resourceNames.includes(name ?? '')) return false
  const own = subresource === undefined ? resource : `${resource}/${subresource}`
  return resources.some(
    (one) =>
      one === '*' ||
      one === own ||
      one === `${resource}/*` ||
      (subresource !== undefined && one === `*/${subresource}`),
  )
}
