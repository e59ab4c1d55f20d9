// One reference per kind: what a client needs to know to ask for objects of it.
import type { KindRef } from './ref.ts'
import type * as apiextensions from './k8s/apiextensions.ts'
import type * as apps from './k8s/apps.ts'
import type * as coordination from './k8s/coordination.ts'
import type * as core from './k8s/core.ts'
import type * as discovery from './k8s/discovery.ts'
import type * as policy from './k8s/policy.ts'
import type * as rbac from './k8s/rbac.ts'
import type * as scheduling from './k8s/scheduling.ts'
import type { KubeObject } from './object.ts'

function ref<T extends KubeObject>(
  group: string,
  version: string,
  kind: string,
  plural: string,
  namespaced = true,
): KindRef<T> {
  return { group, version, kind, plural, namespaced }
}

export const namespaces = ref<core.Namespace>('', 'v1', 'Namespace', 'namespaces', false)
export const nodes = ref<core.Node>('', 'v1', 'Node', 'nodes', false)
export const pods = ref<core.Pod>('', 'v1', 'Pod', 'pods')
export const services = ref<core.Service>('', 'v1', 'Service', 'services')
export const endpoints = ref<core.Endpoints>('', 'v1', 'Endpoints', 'endpoints')
export const configMaps = ref<core.ConfigMap>('', 'v1', 'ConfigMap', 'configmaps')
export const secrets = ref<core.Secret>('', 'v1', 'Secret', 'secrets')
export const serviceAccounts = ref<core.ServiceAccount>(
  '',
  'v1',
  'ServiceAccount',
  'serviceaccounts',
)
export const events = ref<core.Event>('', 'v1', 'Event', 'events')
export const replicaSets = ref<apps.ReplicaSet>('apps', 'v1', 'ReplicaSet', 'replicasets')
export const deployments = ref<apps.Deployment>('apps', 'v1', 'Deployment', 'deployments')
export const endpointSlices = ref<discovery.EndpointSlice>(
  'discovery.k8s.io',
  'v1',
  'EndpointSlice',
  'endpointslices',
)
export const leases = ref<coordination.Lease>('coordination.k8s.io', 'v1', 'Lease', 'leases')
export const podDisruptionBudgets = ref<policy.PodDisruptionBudget>(
  'policy',
  'v1',
  'PodDisruptionBudget',
  'poddisruptionbudgets',
)
export const priorityClasses = ref<scheduling.PriorityClass>(
  'scheduling.k8s.io',
  'v1',
  'PriorityClass',
  'priorityclasses',
  false,
)
export const roles = ref<rbac.Role>('rbac.authorization.k8s.io', 'v1', 'Role', 'roles')
export const roleBindings = ref<rbac.RoleBinding>(
  'rbac.authorization.k8s.io',
  'v1',
  'RoleBinding',
  'rolebindings',
)
export const clusterRoles = ref<rbac.ClusterRole>(
  'rbac.authorization.k8s.io',
  'v1',
  'ClusterRole',
  'clusterroles',
  false,
)
export const clusterRoleBindings = ref<rbac.ClusterRoleBinding>(
  'rbac.authorization.k8s.io',
  'v1',
  'ClusterRoleBinding',
  'clusterrolebindings',
  false,
)
export const customResourceDefinitions = ref<apiextensions.CustomResourceDefinition>(
  'apiextensions.k8s.io',
  'v1',
  'CustomResourceDefinition',
  'customresourcedefinitions',
  false,
)
