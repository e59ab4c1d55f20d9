// The roles and bindings every cluster starts with, as objects.
import type {
  ClusterRole,
  ClusterRoleBinding,
  PolicyRule,
  Role,
  RoleBinding,
  Subject,
} from '#kinds/k8s/rbac.ts'
import { CONTROLLER_RULES } from './controller-roles.ts'
import { paths } from './default-rule.ts'
import { NAMESPACE_ROLES } from './namespace-roles.ts'
import { account, group, SYSTEM_ROLES } from './system-roles.ts'
import { ADMIN, EDIT, VIEW } from './user-roles.ts'

export type RbacRole = ClusterRole | Role
export type RbacBinding = ClusterRoleBinding | RoleBinding

const RBAC = 'rbac.authorization.k8s.io'
const apiVersion = `${RBAC}/v1`
export const AUTO_UPDATE = 'rbac.authorization.kubernetes.io/autoupdate'

interface Named {
  name: string
  namespace?: string
  labels?: Record<string, string>
}

const metadata = ({ name, namespace, labels = {} }: Named) => ({
  name,
  ...(namespace === undefined ? {} : { namespace }),
  labels: { 'kubernetes.io/bootstrapping': 'rbac-defaults', ...labels },
  annotations: { [AUTO_UPDATE]: 'true' },
})

const aggregatesTo = (role: string) => ({
  [`rbac.authorization.k8s.io/aggregate-to-${role}`]: 'true',
})

const clusterRole = (named: Named, rules: readonly PolicyRule[]): ClusterRole => ({
  kind: 'ClusterRole',
  apiVersion,
  metadata: metadata(named),
  rules: [...rules],
})

/** Its rules are those of the roles labelled for it; the first ones are here, later ones a controller adds. */
const aggregated = (name: string, rules: readonly PolicyRule[], labels = {}): ClusterRole => ({
  ...clusterRole({ name, labels }, rules),
  aggregationRule: { clusterRoleSelectors: [{ matchLabels: aggregatesTo(name) }] },
})

const clusterBinding = (name: string, subjects: readonly Subject[]): ClusterRoleBinding => ({
  kind: 'ClusterRoleBinding',
  apiVersion,
  metadata: metadata({ name }),
  roleRef: { apiGroup: RBAC, kind: 'ClusterRole', name },
  ...(subjects.length === 0 ? {} : { subjects: [...subjects] }),
})

const CONTROLLERS = Object.entries(CONTROLLER_RULES)

export const bootstrapRoles: readonly RbacRole[] = [
  clusterRole({ name: 'cluster-admin' }, [
    { verbs: ['*'], apiGroups: ['*'], resources: ['*'] },
    { ...paths('*'), verbs: ['*'] },
  ]),
  aggregated('admin', [...EDIT, ...VIEW, ...ADMIN]),
  aggregated('edit', [...EDIT, ...VIEW], aggregatesTo('admin')),
  aggregated('view', VIEW, aggregatesTo('edit')),
  clusterRole({ name: 'system:aggregate-to-admin', labels: aggregatesTo('admin') }, ADMIN),
  clusterRole({ name: 'system:aggregate-to-edit', labels: aggregatesTo('edit') }, EDIT),
  clusterRole({ name: 'system:aggregate-to-view', labels: aggregatesTo('view') }, VIEW),
  ...SYSTEM_ROLES.map(({ name, rules }) => clusterRole({ name }, rules)),
  ...CONTROLLERS.map(([name, rules]) => clusterRole({ name: `system:controller:${name}` }, rules)),
  ...NAMESPACE_ROLES.map(({ namespace, name, rules }): Role => ({
    kind: 'Role',
    apiVersion,
    metadata: metadata({ name, namespace }),
    rules: [...rules],
  })),
]

export const bootstrapBindings: readonly RbacBinding[] = [
  clusterBinding('cluster-admin', [group('system:masters')]),
  ...SYSTEM_ROLES.flatMap(({ name, subjects }) =>
    subjects === undefined ? [] : [clusterBinding(name, subjects)],
  ),
  ...CONTROLLERS.map(([name]) => clusterBinding(`system:controller:${name}`, [account(name)])),
  ...NAMESPACE_ROLES.map(({ namespace, name, binding = name, subjects }): RoleBinding => ({
    kind: 'RoleBinding',
    apiVersion,
    metadata: metadata({ name: binding, namespace }),
    roleRef: { apiGroup: RBAC, kind: 'Role', name },
    subjects: [...subjects],
  })),
]
