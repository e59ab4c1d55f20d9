import type { NetworkPolicy } from './k8s/networking.ts'
import { ageColumn, column, nameColumn } from './columns.ts'
import { defineKind } from './define-kind.ts'
import { selectorCell } from './label-selector.ts'
import { networkPolicies } from './refs.ts'
import { validateNetworkPolicy } from './validate/network-policy.ts'

export type { NetworkPolicy } from './k8s/networking.ts'

export const networkPolicyKind = defineKind<NetworkPolicy>({
  ref: networkPolicies,
  schema: 'io.k8s.api.networking.v1.NetworkPolicy',
  shortNames: ['netpol'],
  hasGeneration: true,
  defaults(policy) {
    const spec = (policy.spec ??= {})
    spec.podSelector ??= {}
    for (const { ports } of [...(spec.ingress ?? []), ...(spec.egress ?? [])])
      for (const port of ports ?? []) port.protocol ??= 'TCP'
    if (spec.policyTypes === undefined || spec.policyTypes.length === 0)
      spec.policyTypes = spec.egress?.length ? ['Ingress', 'Egress'] : ['Ingress']
  },
  validate: ({ spec }) => validateNetworkPolicy(spec, 'spec'),
  columns: [
    nameColumn,
    column('Pod-Selector', 'Which pods the policy is about.', ({ spec }) =>
      selectorCell(spec.podSelector),
    ),
    ageColumn,
  ],
})
