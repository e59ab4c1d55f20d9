// Nobody hands out rights that he does not have: checked where roles and bindings are written.
import { isSuperuser, rulesOf, rulesOfRole } from '../authorization/rbac.ts'
import type { ClusterRole, PolicyRule, RoleBinding } from '#kinds/k8s/rbac.ts'
import { notFound } from '#base/errors.ts'
import { deepEqual } from '#kinds/validate/equal.ts'
import { forbidden } from '../api-errors.ts'
import { describeRule } from '../authorization/describe-rule.ts'
import { uncovered } from '../authorization/rule-cover.ts'
import { ruleAllows } from '../authorization/rules.ts'
import type { ObjectStorage } from '../objects/object-storage.ts'
import type { AdmissionPlugin, AdmissionRequest } from './plugin.ts'

const GROUP = 'rbac.authorization.k8s.io'

/** Whoever sets which roles a role takes in may get rights that nobody has thought of yet. */
const EVERYTHING: readonly PolicyRule[] = [
  { verbs: ['*'], apiGroups: ['*'], resources: ['*'] },
  { verbs: ['*'], nonResourceURLs: ['*'] },
]

export function preventEscalation(objects: ObjectStorage): AdmissionPlugin {
  return {
    name: 'PreventEscalation',
    validate(request) {
      if (request.group !== GROUP || request.object === undefined) return
      const { user, namespace } = request
      if (isSuperuser(user) || !grantsAnew(request)) return
      const isRole = request.kind === 'Role' || request.kind === 'ClusterRole'
      const owned = rulesOf(objects, user, namespace)
      if (owned.some((rule) => allowsAnyway(rule, request, isRole))) return
      const wanted = isRole ? rulesGiven(request) : rulesBound(objects, request)
      const missing = uncovered(owned, wanted)
      if (missing.length === 0) return
      const groups = `[${user.groups.map((group) => JSON.stringify(group)).join(' ')}]`
      throw forbidden(
        { group: GROUP, resource: request.resource },
        request.name,
        `user ${JSON.stringify(user.username)} (groups=${groups}) is attempting to grant RBAC permissions not currently held:\n${missing.map(describeRule).toSorted().join('\n')}`,
      )
    },
  }
}

/** A write that leaves all rights as they are (labels, finalizers) is everybody's who may write. */
function grantsAnew({ object, old }: AdmissionRequest): boolean {
  if (old === undefined) return true
  const rights = (one: object) => {
    const { rules, aggregationRule } = one as ClusterRole
    const { subjects, roleRef } = one as RoleBinding
    return { rules: rules ?? [], aggregationRule, subjects: subjects ?? [], roleRef }
  }
  return !deepEqual(rights(object!), rights(old))
}

function rulesGiven({ object, old }: AdmissionRequest): readonly PolicyRule[] {
  const { rules = [], aggregationRule } = object as ClusterRole
  const before = (old as ClusterRole | undefined)?.aggregationRule
  const selectsAnew = aggregationRule !== undefined && !deepEqual(aggregationRule, before)
  return selectsAnew ? [...EVERYTHING, ...rules] : rules
}

function rulesBound(objects: ObjectStorage, request: AdmissionRequest): readonly PolicyRule[] {
  const { roleRef } = request.object as RoleBinding
  const rules = rulesOfRole(objects, roleRef, request.namespace)
  // Bound now, it would give whatever the role gives once it is there.
  if (rules === undefined)
    throw notFound({ group: GROUP, resource: roleRef.kind.toLowerCase() }, roleRef.name)
  return rules
}

/** The verbs `escalate` on roles and `bind` on the role of a binding lift the rule. */
function allowsAnyway(
  rule: PolicyRule,
  { resource, namespace, name, object }: AdmissionRequest,
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
