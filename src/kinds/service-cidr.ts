import type { ServiceCIDR } from './k8s/networking.ts'
import { ageColumn, column, nameColumn } from './columns.ts'
import { defineKind } from './define-kind.ts'
import { prepareStatus } from './prepare.ts'
import { serviceCIDRs } from './refs.ts'
import { validateServiceCIDR, validateServiceCIDRUpdate } from './validate/service-cidr.ts'

export type { ServiceCIDR } from './k8s/networking.ts'

export const serviceCIDRKind = defineKind<ServiceCIDR>({
  ref: serviceCIDRs,
  schema: 'io.k8s.api.networking.v1.ServiceCIDR',
  subresources: ['status'],
  defaults(serviceCIDR) {
    serviceCIDR.spec ??= {}
  },
  validate: ({ spec }, old) =>
    old === undefined ? validateServiceCIDR(spec) : validateServiceCIDRUpdate(spec, old.spec),
  prepare: prepareStatus({ initial: () => ({}) }),
  columns: [
    nameColumn,
    column('CIDRs', 'Blocks that ClusterIPs come from.', ({ spec }) =>
      (spec.cidrs ?? []).join(','),
    ),
    ageColumn,
  ],
})
