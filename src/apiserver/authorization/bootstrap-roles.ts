// Roles and bindings every cluster starts with, as Kubernetes' clients know them, cut to the groups
// that are served.
import type { ClusterRole, ClusterRoleBinding, PolicyRule } from '#kinds/k8s/rbac.ts'

const RBAC = 'rbac.authorization.k8s.io'
const READ = ['get', 'list', 'watch']
const WRITE = ['create', 'delete', 'deletecollection', 'patch', 'update']
const CHANGE = ['create', 'update', 'patch', 'delete']
const BOOTSTRAP_LABEL = { 'kubernetes.io/bootstrapping': 'rbac-defaults' }

const rule = (
  verbs: readonly string[],
  apiGroups: readonly string[],
  resources: readonly string[],
): PolicyRule => ({ verbs: [...verbs], apiGroups: [...apiGroups], resources: [...resources] })

const paths = (...nonResourceURLs: string[]): PolicyRule => ({ verbs: ['get'], nonResourceURLs })

const VIEWED_CORE = [
  'configmaps',
  'endpoints',
  'events',
  'limitranges',
  'namespaces',
  'namespaces/status',
  'persistentvolumeclaims',
  'persistentvolumeclaims/status',
  'pods',
  'pods/log',
  'pods/status',
  'replicationcontrollers',
  'replicationcontrollers/scale',
  'resourcequotas',
  'serviceaccounts',
  'services',
  'services/status',
]
const EDITED_CORE = [
  'configmaps',
  'endpoints',
  'events',
  'persistentvolumeclaims',
  'pods',
  'pods/attach',
  'pods/eviction',
  'pods/exec',
  'pods/portforward',
  'pods/proxy',
  'replicationcontrollers',
  'replicationcontrollers/scale',
  'secrets',
  'serviceaccounts',
  'services',
  'services/proxy',
]
const WORKLOADS = [
  'controllerrevisions',
  'daemonsets',
  'deployments',
  'deployments/rollback',
  'deployments/scale',
  'replicasets',
  'replicasets/scale',
  'statefulsets',
  'statefulsets/scale',
]
const WORKLOAD_STATUS = [
  'daemonsets/status',
  'deployments/status',
  'replicasets/status',
  'statefulsets/status',
]

/** Groups beside core whose every kind a tenant may see or edit. */
const TENANT_GROUPS = ['autoscaling', 'batch', 'discovery.k8s.io', 'networking.k8s.io', 'policy']

const VIEW: readonly PolicyRule[] = [
  rule(READ, [''], VIEWED_CORE),
  rule(READ, ['apps'], [...WORKLOADS, ...WORKLOAD_STATUS]),
  rule(READ, TENANT_GROUPS, ['*']),
]
const EDIT: readonly PolicyRule[] = [
  rule(WRITE, [''], EDITED_CORE),
  rule([...READ, 'impersonate'], [''], ['serviceaccounts']),
  rule(
    READ,
    [''],
    ['secrets', 'pods/attach', 'pods/exec', 'pods/portforward', 'pods/proxy', 'services/proxy'],
  ),
  rule(['create'], [''], ['serviceaccounts/token']),
  rule(WRITE, ['apps'], WORKLOADS),
  rule(WRITE, ['autoscaling', 'batch', 'networking.k8s.io', 'policy'], ['*']),
  rule([...READ, ...WRITE], ['coordination.k8s.io'], ['leases']),
]
const ADMIN: readonly PolicyRule[] = [
  rule([...READ, ...WRITE], [RBAC], ['roles', 'rolebindings']),
  rule(['create'], ['authorization.k8s.io'], ['localsubjectaccessreviews']),
]

const NODE: readonly PolicyRule[] = [
  rule(['create'], ['authentication.k8s.io'], ['tokenreviews']),
  rule(['create'], ['authorization.k8s.io'], ['subjectaccessreviews', 'localsubjectaccessreviews']),
  rule([...READ, 'create', 'delete', 'update', 'patch'], [''], ['nodes']),
  rule(['update', 'patch', 'get'], [''], ['nodes/status', 'pods/status']),
  rule([...READ, 'delete'], [''], ['pods']),
  rule(['create'], [''], ['pods/eviction', 'serviceaccounts/token']),
  rule(
    READ,
    [''],
    ['configmaps', 'secrets', 'services', 'endpoints', 'serviceaccounts', 'namespaces'],
  ),
  rule(READ, ['discovery.k8s.io'], ['endpointslices']),
  rule(['create', 'patch', 'update'], ['', 'events.k8s.io'], ['events']),
  rule(['get', ...CHANGE], ['coordination.k8s.io'], ['leases']),
]

interface RoleSpec {
  name: string
  rules: readonly PolicyRule[]
  /** Roles that take these rules over. */
  aggregatesTo?: string
  /** Takes the rules of roles labelled for it. */
  aggregatesFrom?: string
}

const ROLES: readonly RoleSpec[] = [
  {
    name: 'cluster-admin',
    rules: [rule(['*'], ['*'], ['*']), { verbs: ['*'], nonResourceURLs: ['*'] }],
  },
  { name: 'admin', rules: [...VIEW, ...EDIT, ...ADMIN], aggregatesFrom: 'admin' },
  { name: 'edit', rules: [...VIEW, ...EDIT], aggregatesFrom: 'edit', aggregatesTo: 'admin' },
  { name: 'view', rules: VIEW, aggregatesFrom: 'view', aggregatesTo: 'edit' },
  { name: 'system:aggregate-to-admin', rules: ADMIN, aggregatesTo: 'admin' },
  { name: 'system:aggregate-to-edit', rules: EDIT, aggregatesTo: 'edit' },
  { name: 'system:aggregate-to-view', rules: VIEW, aggregatesTo: 'view' },
  {
    name: 'system:basic-user',
    rules: [
      rule(
        ['create'],
        ['authorization.k8s.io'],
        ['selfsubjectaccessreviews', 'selfsubjectrulesreviews'],
      ),
      rule(['create'], ['authentication.k8s.io'], ['selfsubjectreviews']),
    ],
  },
  {
    name: 'system:discovery',
    rules: [
      paths(
        '/api',
        '/api/*',
        '/apis',
        '/apis/*',
        '/openapi',
        '/openapi/*',
        '/healthz',
        '/livez',
        '/readyz',
        '/version',
        '/version/',
      ),
    ],
  },
  {
    name: 'system:public-info-viewer',
    rules: [paths('/healthz', '/livez', '/readyz', '/version', '/version/')],
  },
  { name: 'system:node', rules: NODE },
  {
    name: 'system:auth-delegator',
    rules: [
      rule(['create'], ['authentication.k8s.io'], ['tokenreviews']),
      rule(['create'], ['authorization.k8s.io'], ['subjectaccessreviews']),
    ],
  },
]

const BINDINGS: readonly { role: string; groups: readonly string[] }[] = [
  { role: 'cluster-admin', groups: ['system:masters'] },
  { role: 'system:basic-user', groups: ['system:authenticated'] },
  { role: 'system:discovery', groups: ['system:authenticated'] },
  {
    role: 'system:public-info-viewer',
    groups: ['system:authenticated', 'system:unauthenticated'],
  },
  { role: 'system:node', groups: ['system:nodes'] },
]

const aggregationLabel = (role: string) => `rbac.authorization.k8s.io/aggregate-to-${role}`

export const bootstrapRoles: readonly ClusterRole[] = ROLES.map((role) => ({
  kind: 'ClusterRole',
  apiVersion: `${RBAC}/v1`,
  metadata: {
    name: role.name,
    labels: {
      ...BOOTSTRAP_LABEL,
      ...(role.aggregatesTo === undefined ? {} : { [aggregationLabel(role.aggregatesTo)]: 'true' }),
    },
    annotations: { 'rbac.authorization.kubernetes.io/autoupdate': 'true' },
  },
  ...(role.aggregatesFrom === undefined
    ? {}
    : {
        aggregationRule: {
          clusterRoleSelectors: [
            { matchLabels: { [aggregationLabel(role.aggregatesFrom)]: 'true' } },
          ],
        },
      }),
  rules: [...role.rules],
}))

export const bootstrapBindings: readonly ClusterRoleBinding[] = BINDINGS.map(
  ({ role, groups }) => ({
    kind: 'ClusterRoleBinding',
    apiVersion: `${RBAC}/v1`,
    metadata: {
      name: role,
      labels: BOOTSTRAP_LABEL,
      annotations: { 'rbac.authorization.kubernetes.io/autoupdate': 'true' },
    },
    roleRef: { apiGroup: RBAC, kind: 'ClusterRole', name: role },
    subjects: groups.map((name) => ({ apiGroup: RBAC, kind: 'Group', name })),
  }),
)
