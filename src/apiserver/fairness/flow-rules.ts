// Whether a request is one that a flow schema speaks of.
import type { UserInfo } from '#base/api-call.ts'
import type {
  NonResourcePolicyRule,
  PolicyRulesWithSubjects,
  ResourcePolicyRule,
  Subject,
} from '#kinds/k8s/flowcontrol.ts'
import type { PathRequest, RequestInfo, ResourceRequest } from '../request-info.ts'

const ALL = '*'

export interface FlowRule {
  /** A subject names every user. */
  isOfAll: boolean
  /** Service accounts among them, by the name they have as users. */
  users: readonly string[]
  groups: readonly string[]
  /** What the users of all service accounts of a namespace begin with. */
  accountPrefixes: readonly string[]
  resources: readonly ResourcePolicyRule[]
  paths: readonly NonResourcePolicyRule[]
}

export const compileRules = (rules: readonly PolicyRulesWithSubjects[]): FlowRule[] =>
  rules.map(({ subjects, resourceRules = [], nonResourceRules = [] }) => {
    const names = (kind: Subject['kind'], of: 'user' | 'group') =>
      subjects.filter((subject) => subject.kind === kind).map((subject) => subject[of]?.name ?? '')
    const users = names('User', 'user')
    const groups = names('Group', 'group')
    const accountPrefixes: string[] = []
    for (const { kind, serviceAccount } of subjects) {
      if (kind !== 'ServiceAccount' || serviceAccount === undefined) continue
      const prefix = `system:serviceaccount:${serviceAccount.namespace}:`
      if (serviceAccount.name === ALL) accountPrefixes.push(prefix)
      else users.push(`${prefix}${serviceAccount.name}`)
    }
    const isOfAll = users.includes(ALL) || groups.includes(ALL)
    const paths = nonResourceRules
    return { isOfAll, users, groups, accountPrefixes, resources: resourceRules, paths }
  })

export function matchesAny(rules: readonly FlowRule[], user: UserInfo, info: RequestInfo): boolean {
  for (const rule of rules) if (isOf(rule, user) && isAbout(rule, info)) return true
  return false
}

function isOf(rule: FlowRule, { username, groups }: UserInfo): boolean {
  if (rule.isOfAll || rule.users.includes(username)) return true
  for (const group of rule.groups) if (groups.includes(group)) return true
  for (const prefix of rule.accountPrefixes) if (username.startsWith(prefix)) return true
  return false
}

function isAbout(rule: FlowRule, info: RequestInfo): boolean {
  if (info.type === 'path') {
    for (const one of rule.paths) if (isPath(one, info)) return true
    return false
  }
  for (const one of rule.resources) if (isResource(one, info)) return true
  return false
}

const has = (values: readonly string[], value: string): boolean =>
  values.includes(value) || values.includes(ALL)

function isResource(rule: ResourcePolicyRule, info: ResourceRequest): boolean {
  const { resource, subresource, namespace } = info
  if (!has(rule.verbs, info.verb) || !has(rule.apiGroups, info.group)) return false
  if (!has(rule.resources, subresource === undefined ? resource : `${resource}/${subresource}`))
    return false
  // A list over all namespaces is of the cluster, as the objects without a namespace are.
  if (namespace === undefined) return rule.clusterScope === true
  return has(rule.namespaces ?? [], namespace)
}

function isPath(rule: NonResourcePolicyRule, { verb, path }: PathRequest): boolean {
  if (!has(rule.verbs, verb)) return false
  for (const url of rule.nonResourceURLs) {
    if (url === ALL || url === path) return true
    if (url.endsWith('/*') && path.startsWith(url.slice(0, -1))) return true
  }
  return false
}
