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
import { matchesLabelSelector } from '#kinds/label-selector.ts'
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

/** One rule that a user has, and by which binding. */
interface Grant {
  rule: PolicyRule
  /** "ClusterRoleBinding "a" of ClusterRole "b" to Group "c"" */
  because: string
}

export function createRbacAuthorizer(objects: ObjectStorage): Authorizer {
  const authorize = (user: UserInfo, attributes: Attributes): Decision => {
    if (user.groups.includes(SUPERUSERS)) return { allowed: true, reason: '' }
    const namespace = attributes.type === 'resource' ? attributes.namespace : undefined
    for (const { rule, because } of grants(objects, user, namespace))
      if (ruleAllows(rule, attributes))
        return { allowed: true, reason: `RBAC: allowed by ${because}` }
    return { allowed: false, reason: '' }
  }
  return {
    authorize,
    rulesFor: (user, namespace) => listRules(rulesOf(objects, user, namespace)),
  }
}

/** All rules a user has in a namespace, or in the cluster without one. */
export function rulesOf(
  objects: ObjectStorage,
  user: UserInfo,
  namespace: string | undefined,
): PolicyRule[] {
  if (user.groups.includes(SUPERUSERS))
    return [
      { verbs: ['*'], apiGroups: ['*'], resources: ['*'] },
      { verbs: ['*'], nonResourceURLs: ['*'] },
    ]
  return [...grants(objects, user, namespace)].map(({ rule }) => rule)
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
  const because = describe(bound, subject)
  for (const rule of rulesOfRole(objects, binding.roleRef, namespace)) yield { rule, because }
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

/** The rules of a role; an aggregated ClusterRole has those of the roles it selects. */
export function rulesOfRole(
  objects: ObjectStorage,
  { kind, name }: RoleRef,
  namespace: string | undefined,
): PolicyRule[] {
  if (kind === 'Role') {
    const role = objects.get(`${prefixes.roles}${namespace ?? ''}/${name}`)
    return (role?.object as Role | undefined)?.rules ?? []
  }
  const role = objects.get(`${prefixes.clusterRoles}${name}`)?.object as ClusterRole | undefined
  const selectors = role?.aggregationRule?.clusterRoleSelectors
  if (role === undefined || selectors === undefined) return role?.rules ?? []
  return objects
    .list(prefixes.clusterRoles)
    .map(({ object }) => object as ClusterRole)
    .filter((other) => other.metadata.name !== name)
    .filter((other) =>
      selectors.some((selector) => matchesLabelSelector(selector, other.metadata.labels)),
    )
    .flatMap((other) => other.rules ?? [])
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
