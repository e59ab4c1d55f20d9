import type { ClusterRoleBinding } from './k8s/rbac.ts'
import { bindingColumns } from './binding-columns.ts'
import { defineKind } from './define-kind.ts'
import { clusterRoleBindings } from './refs.ts'
import { required } from './validate/field-error.ts'
import {
  defaultBinding,
  validateRoleRef,
  validateRoleRefUpdate,
  validateSubjects,
} from './validate/rbac.ts'

export type { ClusterRoleBinding } from './k8s/rbac.ts'

export const clusterRoleBindingKind = defineKind<ClusterRoleBinding>({
  ref: clusterRoleBindings,
  schema: 'io.k8s.api.rbac.v1.ClusterRoleBinding',
  nameRule: 'path-segment',
  defaults: defaultBinding,
  validate({ roleRef, subjects }, old) {
    if (roleRef === undefined) return [required('roleRef')]
    return [
      ...validateRoleRef(roleRef, ['ClusterRole']),
      ...validateSubjects(subjects ?? [], { namespaced: false }),
      ...(old === undefined ? [] : validateRoleRefUpdate(roleRef, old.roleRef)),
    ]
  },
  columns: bindingColumns,
})
