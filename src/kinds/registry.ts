// Every kind the API server knows from its start. Custom kinds come with their definitions.
import type { KindDefinition } from './definition.ts'
import { clusterRoleKind } from './cluster-role.ts'
import { clusterRoleBindingKind } from './cluster-role-binding.ts'
import { configMapKind } from './config-map.ts'
import { customResourceDefinitionKind } from './custom-resource-definition.ts'
import { deploymentKind } from './deployment.ts'
import { endpointSliceKind } from './endpoint-slice.ts'
import { endpointsKind } from './endpoints.ts'
import { eventKind } from './event.ts'
import { leaseKind } from './lease.ts'
import { namespaceKind } from './namespace.ts'
import { nodeKind } from './node.ts'
import { podKind } from './pod.ts'
import { podDisruptionBudgetKind } from './pod-disruption-budget.ts'
import { priorityClassKind } from './priority-class.ts'
import { replicaSetKind } from './replica-set.ts'
import { roleKind } from './role.ts'
import { roleBindingKind } from './role-binding.ts'
import { secretKind } from './secret.ts'
import { serviceKind } from './service.ts'
import { serviceAccountKind } from './service-account.ts'

/** The type of each kind's objects is forgotten here: the server knows them as `KubeObject`. */
export const builtinKinds = [
  namespaceKind,
  nodeKind,
  podKind,
  serviceKind,
  endpointsKind,
  configMapKind,
  secretKind,
  serviceAccountKind,
  eventKind,
  replicaSetKind,
  deploymentKind,
  endpointSliceKind,
  leaseKind,
  podDisruptionBudgetKind,
  priorityClassKind,
  roleKind,
  roleBindingKind,
  clusterRoleKind,
  clusterRoleBindingKind,
  customResourceDefinitionKind,
] as readonly unknown[] as readonly KindDefinition[]
