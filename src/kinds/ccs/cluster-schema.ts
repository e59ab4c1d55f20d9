import type { ClusterNetwork, ClusterSpec, ClusterStatus } from './cluster.ts'
import { HUB, nameLimits } from './limits.ts'
import {
  address,
  choice,
  cidr,
  conditions,
  dnsLabel,
  fields,
  list,
  type Schema,
  text,
} from './schema.ts'

const network = (): Schema =>
  fields<ClusterNetwork>({ podCIDR: cidr(), serviceCIDR: cidr(), machineCIDR: cidr() }, [
    'podCIDR',
    'serviceCIDR',
    'machineCIDR',
  ])

const { clusterLengthMax, labelLengthMax } = nameLimits

export const clusterSchema: Schema = {
  type: 'object',
  description: 'A Kubernetes cluster that services run in.',
  required: ['spec'],
  properties: {
    // The hub is served where clusters are, under a name of its own.
    metadata: {
      type: 'object',
      properties: { name: { ...dnsLabel(clusterLengthMax), not: { enum: [HUB] } } },
    },
    spec: fields<ClusterSpec>(
      {
        provider: choice(['local'], { default: 'local' }),
        region: { ...dnsLabel(labelLengthMax), default: 'local' },
        zones: list(dnsLabel(labelLengthMax), {
          minItems: 1,
          maxItems: 26,
          'x-kubernetes-list-type': 'set',
        }),
        network: network(),
      },
      ['zones'],
    ),
    status: fields<ClusterStatus>({
      phase: choice(['Pending', 'Provisioning', 'Ready', 'Failed', 'Deleting']),
      conditions: conditions(),
      network: network(),
      gatewayAddress: address(),
      dnsAddress: address(),
      routerNamespace: text(),
    }),
  },
}
