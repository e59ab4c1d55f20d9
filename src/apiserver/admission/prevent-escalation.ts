// Nobody hands out rights that he does not have: checked where roles and bindings are written.
import type { ClusterRole, PolicyRule, RoleBinding } from '#kinds/k8s/rbac.ts'
import { forbidden } from '../api-errors.ts'
import { covers } from '../authorization/rule-cover.ts'
import { rulesOf, rulesOfRole } from '../authorization/rbac.ts'
import { ruleAllows } from '../authorization/rules.ts'
import type { ObjectStorage } from '../objects/object-storage.ts'
import type { AdmissionPlugin, AdmissionRequest } from './plugin.ts'

const GROUP = 'rbac.authorization.k8s.io'

export function preventEscalation(objects: ObjectStorage): AdmissionPlugin {
  return {
    name: 'PreventEscalation',
    validate(request) {
      if (request.group !== GROUP || request.object === undefined) return
      const { user, namespace, object } = request
      const isRole = request.kind === 'Role' || request.kind === 'ClusterRole'
      const owned = rulesOf(objects, user, namespace)
      const mayAnyway = owned.some((rule) => allowsAnyway(rule, request, object, isRole))
      if (mayAnyway) return
      const wanted = isRole
        ? ((object as ClusterRole).rules ?? [])
        : rulesOfRole(objects, (object as RoleBinding).roleRef, namespace)
      const missing = wanted.filter((rule) => !covers(owned, rule))
      if (missing.length === 0) return
      throw forbidden(
        { group: GROUP, resource: request.resource },
        request.name,
        `user ${JSON.stringify(user.username)} (groups=${JSON.stringify(user.groups)}) is attempting to grant RBAC permissions not currently held:\n${missing.map(describe).join('\n')}`,
      )
    },
  }
}

/** The verbs `escalate` on roles and `bind` on the role of a binding lift the rule. */
function allowsAnyway(
  rule: PolicyRule,
  { resource, namespace, name }: AdmissionRequest,
  object: AdmissionRequest['object'],
  isRole: boolean,
): boolean {
  const role = (object as RoleBinding).roleRef
  return ruleAllows(rule, {
    type: 'resource',
    verb: isRole ? 'escalate' : 'bind',
    group: GROUP,
    version: 'v1',
    resource: isRole ? resource : `${role.kind.toLowerCase()}s`,
    subresource: undefined,
    namespace,
    name: isRole ? name : role.name,
  })
}

function describe(rule: PolicyRule): string {
  const part = (label: string, list: readonly string[] | undefined) =>
    list === undefined || list.length === 0 ? [] : [`${label}:${JSON.stringify(list)}`]
  return `{${[
    ...part('APIGroups', rule.apiGroups),
    ...part('Resources', rule.resources),
    ...part('ResourceNames', rule.resourceNames),
    ...part('NonResourceURLs', rule.nonResourceURLs),
    ...part('Verbs', rule.verbs),
  ].join(', ')}}`
}
