import type { ServiceAccount } from './k8s/core.ts'
import { ageColumn, nameColumn } from './columns.ts'
import { defineKind } from './define-kind.ts'
import { serviceAccounts } from './refs.ts'

export type { ServiceAccount } from './k8s/core.ts'

export const serviceAccountKind = defineKind<ServiceAccount>({
  ref: serviceAccounts,
  schema: 'io.k8s.api.core.v1.ServiceAccount',
  shortNames: ['sa'],
  subresources: ['token'],
  columns: [nameColumn, ageColumn],
})
