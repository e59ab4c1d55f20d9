import type { ResourceClaim } from './k8s/resource.ts'
import { ageColumn, column, nameColumn } from './columns.ts'
import { defineKind } from './define-kind.ts'
import { defaultDeviceClaim } from './defaults/device-claim.ts'
import { isDeleting } from './meta.ts'
import { prepareStatus } from './prepare.ts'
import { resourceClaims } from './refs.ts'
import { validateDeviceClaim } from './validate/device-claim.ts'
import { deepEqual } from './validate/equal.ts'
import { IMMUTABLE, invalid } from './validate/field-error.ts'

export type { ResourceClaim } from './k8s/resource.ts'

function stateCell(claim: ResourceClaim): string {
  const { status } = claim
  const states: string[] = []
  if (isDeleting(claim)) states.push('deleted')
  if (status?.allocation === undefined) {
    if (!isDeleting(claim)) states.push('pending')
  } else {
    states.push('allocated')
    states.push(status.reservedFor?.length ? 'reserved' : '')
  }
  return states.filter(Boolean).join(',')
}

export const resourceClaimKind = defineKind<ResourceClaim>({
  ref: resourceClaims,
  schema: 'io.k8s.api.resource.v1.ResourceClaim',
  subresources: ['status'],
  defaults(claim) {
    claim.spec ??= {}
    defaultDeviceClaim(claim.spec.devices)
  },
  validate: ({ spec }, old) => [
    ...validateDeviceClaim(spec.devices ?? {}, 'spec.devices'),
    ...(old === undefined || deepEqual(spec, old.spec) ? [] : [invalid('spec', spec, IMMUTABLE)]),
  ],
  prepare: prepareStatus({ initial: () => ({}) }),
  columns: [nameColumn, column('State', 'What became of the claim.', stateCell), ageColumn],
})
