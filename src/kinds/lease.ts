import type { Lease } from './k8s/coordination.ts'
import type { FieldError } from './definition.ts'
import { ageColumn, column, nameColumn } from './columns.ts'
import { defineKind } from './define-kind.ts'
import { leases } from './refs.ts'
import { invalid, nonNegative } from './validate/field-error.ts'

export type { Lease } from './k8s/coordination.ts'

export const leaseKind = defineKind<Lease>({
  ref: leases,
  schema: 'io.k8s.api.coordination.v1.Lease',
  defaults(lease) {
    lease.spec ??= {}
  },
  validate({ spec }): FieldError[] {
    const { leaseDurationSeconds } = spec
    const errors = nonNegative('spec.leaseTransitions', spec.leaseTransitions)
    if (leaseDurationSeconds !== undefined && leaseDurationSeconds <= 0)
      errors.unshift(
        invalid('spec.leaseDurationSeconds', leaseDurationSeconds, 'must be greater than 0'),
      )
    return errors
  },
  columns: [
    nameColumn,
    column('Holder', 'Who holds the lease.', (lease) => lease.spec.holderIdentity ?? ''),
    ageColumn,
  ],
})
