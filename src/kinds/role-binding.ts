import type { RoleBinding } from './k8s/rbac.ts'
import { bindingColumns } from './binding-columns.ts'
import { defineKind } from './define-kind.ts'
import { roleBindings } from './refs.ts'
import { required } from './validate/field-error.ts'
import {
  defaultBinding,
  validateRoleRef,
  validateRoleRefUpdate,
  validateSubjects,
} from './validate/rbac.ts'

export type { RoleBinding } from './k8s/rbac.ts'

export const roleBindingKind = defineKind<RoleBinding>({
  ref: roleBindings,
  schema: 'io.k8s.api.rbac.v1.RoleBinding',
  nameRule: 'path-segment',
  defaults: defaultBinding,
  validate({ roleRef, subjects }, old) {
    if (roleRef === undefined) return [required('roleRef')]
    return [
      ...validateRoleRef(roleRef, ['Role', 'ClusterRole']),
      ...validateSubjects(subjects ?? [], { namespaced: true }),
      ...(old === undefined ? [] : validateRoleRefUpdate(roleRef, old.roleRef)),
    ]
  },
  columns: bindingColumns,
})
