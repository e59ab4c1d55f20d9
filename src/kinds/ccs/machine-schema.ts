import type { MachineSpec, MachineStatus } from './machine.ts'
import { nameLimits } from './limits.ts'
import {
  address,
  choice,
  cidr,
  conditions,
  dnsLabel,
  fields,
  quantity,
  type Schema,
  text,
} from './schema.ts'

const { clusterLengthMax, machineLengthMax, labelLengthMax } = nameLimits

type Resources = NonNullable<MachineStatus['capacity']>

const resources = (): Schema =>
  fields<Resources>({
    cpu: quantity(),
    memory: quantity(),
    pods: quantity(),
    'ephemeral-storage': quantity(),
  })

export const machineSchema: Schema = {
  type: 'object',
  description: 'A machine of a cluster, on which pods run.',
  required: ['spec'],
  properties: {
    metadata: { type: 'object', properties: { name: dnsLabel(machineLengthMax) } },
    spec: fields<MachineSpec>(
      {
        cluster: dnsLabel(clusterLengthMax),
        zone: dnsLabel(labelLengthMax),
        type: text({ minLength: 1, maxLength: 253 }),
        power: choice(['Running', 'Stopped'], { default: 'Running' }),
      },
      ['cluster', 'zone', 'type'],
    ),
    status: fields<MachineStatus>({
      phase: choice([
        'Pending',
        'Provisioning',
        'Running',
        'Stopping',
        'Stopped',
        'Failed',
        'Deleting',
      ]),
      conditions: conditions(),
      address: address(),
      podCIDR: cidr(),
      runtimeSocket: text(),
      networkNamespace: text(),
      podsCgroup: text(),
      directory: text(),
      allocatable: resources(),
      capacity: resources(),
    }),
  },
}
