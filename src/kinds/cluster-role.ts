import type { ClusterRole } from './k8s/rbac.ts'
import { createdColumn, nameColumn } from './columns.ts'
import { defineKind } from './define-kind.ts'
import { clusterRoles } from './refs.ts'
import { validateLabelSelector } from './validate/label-selector.ts'
import { validateRules } from './validate/rbac.ts'

export type { ClusterRole } from './k8s/rbac.ts'

export const clusterRoleKind = defineKind<ClusterRole>({
  ref: clusterRoles,
  schema: 'io.k8s.api.rbac.v1.ClusterRole',
  nameRule: 'path-segment',
  validate: ({ rules, aggregationRule }) => [
    ...validateRules(rules ?? [], { namespaced: false }),
    ...(aggregationRule?.clusterRoleSelectors ?? []).flatMap((selector, index) =>
      validateLabelSelector(selector, `aggregationRule.clusterRoleSelectors[${index}]`),
    ),
  ],
  columns: [nameColumn, createdColumn],
})
