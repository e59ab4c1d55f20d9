// Whether a rule of a Role allows what is asked. Pure.
import type { PolicyRule, Subject } from '#kinds/k8s/rbac.ts'
import type { UserInfo } from '#base/api-call.ts'
import type { Attributes } from './authorizer.ts'

const has = (list: readonly string[] | undefined, value: string): boolean =>
  list?.some((one) => one === '*' || one === value) ?? false

export function ruleAllows(rule: PolicyRule, attributes: Attributes): boolean {
  if (!has(rule.verbs, attributes.verb)) return false
  if (attributes.type === 'path') return pathMatches(rule.nonResourceURLs, attributes.path)
  const { group, resource, subresource, name } = attributes
  if (!has(rule.apiGroups, group)) return false
  if (!resourceMatches(rule.resources, resource, subresource)) return false
  const names = rule.resourceNames ?? []
  return names.length === 0 || (name !== undefined && names.includes(name))
}

function resourceMatches(
  resources: readonly string[] | undefined,
  resource: string,
  subresource: string | undefined,
): boolean {
  const full = subresource === undefined ? resource : `${resource}/${subresource}`
  if (has(resources, full)) return true
  return subresource !== undefined && (resources?.includes(`*/${subresource}`) ?? false)
}

function pathMatches(patterns: readonly string[] | undefined, path: string): boolean {
  return (
    patterns?.some(
      (pattern) =>
        pattern === '*' ||
        pattern === path ||
        (pattern.endsWith('*') && path.startsWith(pattern.slice(0, -1))),
    ) ?? false
  )
}

/** `namespace` is that of the binding, for service accounts that name none. */
export function subjectIs(
  subject: Subject,
  user: UserInfo,
  namespace: string | undefined,
): boolean {
  switch (subject.kind) {
    case 'User':
      return subject.name === user.username
    case 'Group':
      return user.groups.includes(subject.name)
    case 'ServiceAccount': {
      const home = subject.namespace || namespace
      return home !== undefined && user.username === `system:serviceaccount:${home}:${subject.name}`
    }
    default:
      return false
  }
}
