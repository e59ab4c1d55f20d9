// RBAC over the cluster's own Roles and bindings.
import type { UserInfo } from '#base/api-call.ts'
import type {
  ClusterRole,
  ClusterRoleBinding,
  PolicyRule,
  Role,
  RoleBinding,
  RoleRef,
  Subject,
} from '#kinds/k8s/rbac.ts'
import type { ObjectStorage } from '../objects/object-storage.ts'
import { prefixFor } from '../resources.ts'
import type { Attributes, Authorizer, Decision, SubjectRules } from './authorizer.ts'
import { ruleAllows, subjectIs } from './rules.ts'

const GROUP = 'rbac.authorization.k8s.io'
const SUPERUSERS = 'system:masters'

const prefixes = {
  roles: prefixFor(GROUP, 'roles'),
  roleBindings: prefixFor(GROUP, 'rolebindings'),
  clusterRoles: prefixFor(GROUP, 'clusterroles'),
  clusterRoleBindings: prefixFor(GROUP, 'clusterrolebindings'),
}

/** One rule that a user has, and by which binding; or a binding that leads nowhere. */
type Grant =
  /** `because`: "ClusterRoleBinding "a" of ClusterRole "b" to Group "c"" */
  { rule: PolicyRule; because: () => string } | { rule: undefined; missing: string }

export function createRbacAuthorizer(objects: ObjectStorage): Authorizer {
  const authorize = (user: UserInfo, attributes: Attributes): Decision => {
    if (user.groups.includes(SUPERUSERS)) return { allowed: true, reason: '' }
    const namespace = attributes.type === 'resource' ? attributes.namespace : undefined
    const missing: string[] = []
    for (const grant of grants(objects, user, namespace))
      if (grant.rule === undefined) missing.push(grant.missing)
      else if (ruleAllows(grant.rule, attributes))
        return { allowed: true, reason: `RBAC: allowed by ${grant.because()}` }
    return { allowed: false, reason: missing.length === 0 ? '' : `RBAC: ${aggregate(missing)}` }
  }
  return {
    authorize,
    rulesFor(user, namespace) {
      const found = [...grants(objects, user, namespace)]
      const missing = found.flatMap((grant) => (grant.rule === undefined ? [grant.missing] : []))
      const rules = listRules(rulesOf(objects, user, namespace))
      return missing.length === 0 ? rules : { ...rules, evaluationError: aggregate(missing) }
    },
  }
}

/** As Go says several errors: each once, in brackets if there are more. */
function aggregate(messages: readonly string[]): string {
  const each = [...new Set(messages)]
  return each.length === 1 ? each[0]! : `[${each.join(', ')}]`
}

export const isSuperuser = ({ groups }: UserInfo): boolean => groups.includes(SUPERUSERS)

/** All rules a user has in a namespace, or in the cluster without one. */
export function rulesOf(
  objects: ObjectStorage,
  user: UserInfo,
  namespace: string | undefined,
): PolicyRule[] {
  if (isSuperuser(user))
    return [
      { verbs: ['*'], apiGroups: ['*'], resources: ['*'] },
      { verbs: ['*'], nonResourceURLs: ['*'] },
    ]
  return [...grants(objects, user, namespace)].flatMap(({ rule }) =>
    rule === undefined ? [] : [rule],
  )
}

function* grants(
  objects: ObjectStorage,
  user: UserInfo,
  namespace: string | undefined,
): Generator<Grant> {
  for (const { object } of objects.list(prefixes.clusterRoleBindings)) {
    const binding = object as ClusterRoleBinding
    yield* grantsOf(objects, user, { kind: 'ClusterRoleBinding', binding, namespace: undefined })
  }
  if (namespace === undefined) return
  for (const { object } of objects.list(`${prefixes.roleBindings}${namespace}/`)) {
    const binding = object as RoleBinding
    yield* grantsOf(objects, user, { kind: 'RoleBinding', binding, namespace })
  }
}

interface Bound {
  kind: string
  binding: ClusterRoleBinding | RoleBinding
  namespace: string | undefined
}

function* grantsOf(objects: ObjectStorage, user: UserInfo, bound: Bound): Generator<Grant> {
  const { binding, namespace } = bound
  const subject = binding.subjects?.find((one) => subjectIs(one, user, namespace))
  if (subject === undefined) return
  const rules = rulesOfRole(objects, binding.roleRef, namespace)
  if (rules === undefined) {
    const { kind, name } = binding.roleRef
    yield { rule: undefined, missing: `${kind.toLowerCase()}.${GROUP} "${name}" not found` }
    return
  }
  for (const rule of rules) yield { rule, because: () => describe(bound, subject) }
}

function describe({ kind, binding, namespace }: Bound, subject: Subject): string {
  const name =
    namespace === undefined ? binding.metadata.name : `${binding.metadata.name}/${namespace}`
  const who =
    subject.kind === 'ServiceAccount'
      ? `${subject.name}/${subject.namespace ?? namespace ?? ''}`
      : subject.name
  return `${kind} "${name}" of ${binding.roleRef.kind} "${binding.roleRef.name}" to ${subject.kind} "${who}"`
}

/** The rules of a role (what a controller aggregated is among them); undefined without the role. */
export function rulesOfRole(
  objects: ObjectStorage,
  { kind, name }: RoleRef,
  namespace: string | undefined,
): PolicyRule[] | undefined {
  const key =
    kind === 'Role'
      ? `${prefixes.roles}${namespace ?? ''}/${name}`
      : `${prefixes.clusterRoles}${name}`
  const role = objects.get(key)?.object as Role | ClusterRole | undefined
  return role === undefined ? undefined : (role.rules ?? [])
}

function listRules(rules: readonly PolicyRule[]): SubjectRules {
  return {
    resourceRules: rules
      .filter(({ resources }) => (resources?.length ?? 0) > 0)
      .map(({ verbs, apiGroups = [], resources = [], resourceNames }) => ({
        verbs,
        apiGroups,
        resources,
        ...(resourceNames === undefined ? {} : { resourceNames }),
      })),
    nonResourceRules: rules
      .filter(({ nonResourceURLs }) => (nonResourceURLs?.length ?? 0) > 0)
      .map(({ verbs, nonResourceURLs = [] }) => ({ verbs, nonResourceURLs })),
  }
}
