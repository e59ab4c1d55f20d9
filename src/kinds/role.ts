import type { Role } from './k8s/rbac.ts'
import { createdColumn, nameColumn } from './columns.ts'
import { defineKind } from './define-kind.ts'
import { roles } from './refs.ts'
import { validateRules } from './validate/rbac.ts'

export type { Role } from './k8s/rbac.ts'

export const roleKind = defineKind<Role>({
  ref: roles,
  schema: 'io.k8s.api.rbac.v1.Role',
  nameRule: 'path-segment',
  validate: ({ rules }) => validateRules(rules ?? [], { namespaced: true }),
  columns: [nameColumn, createdColumn],
})
