import type {
  ContainerServiceSpec,
  ContainerServiceStatus,
  ServicePort,
} from './container-service.ts'
import { nameLimits, serviceLimits } from './limits.ts'
import {
  choice,
  conditions,
  dnsLabel,
  fields,
  integer,
  list,
  port,
  quantities,
  type Schema,
  text,
} from './schema.ts'

const { argumentsMax, envMax, portsMax, replicasMax } = serviceLimits
const { clusterLengthMax, serviceLengthMax } = nameLimits

type Variable = NonNullable<ContainerServiceSpec['env']>[number]
type Resources = NonNullable<ContainerServiceSpec['resources']>

/** A list whose items are told apart by the named fields, so that two writers can share it. */
const byKeys = (items: Schema, keys: readonly string[], maxItems: number): Schema =>
  list(items, {
    maxItems,
    'x-kubernetes-list-type': 'map',
    'x-kubernetes-list-map-keys': [...keys],
  })

const ports = (): Schema =>
  byKeys(
    fields<ServicePort>(
      {
        name: text({ pattern: '^([a-z0-9]([-a-z0-9]*[a-z0-9])?)?$', maxLength: 15 }),
        port: port(),
        targetPort: port(),
        protocol: choice(['TCP', 'UDP'], { default: 'TCP' }),
      },
      ['port'],
    ),
    ['port', 'protocol'],
    portsMax,
  )

const spec = (): Schema =>
  fields<ContainerServiceSpec>(
    {
      cluster: dnsLabel(clusterLengthMax),
      image: text({ minLength: 1, maxLength: 1024, pattern: '^\\S+$' }),
      replicas: integer({ format: 'int32', minimum: 0, maximum: replicasMax, default: 1 }),
      ports: ports(),
      env: byKeys(
        fields<Variable>({ name: text({ pattern: '^[ -<>-~]+$', minLength: 1 }), value: text() }, [
          'name',
        ]),
        ['name'],
        envMax,
      ),
      command: list(text(), { maxItems: argumentsMax }),
      args: list(text(), { maxItems: argumentsMax }),
      resources: fields<Resources>({ requests: quantities(), limits: quantities() }),
      access: choice(['Public', 'Cluster', 'None'], { default: 'Public' }),
    },
    ['cluster', 'image'],
  )

export const containerServiceSchema: Schema = {
  type: 'object',
  description: 'An image that runs as replicas behind a load balancer.',
  required: ['spec'],
  properties: {
    metadata: { type: 'object', properties: { name: dnsLabel(serviceLengthMax) } },
    spec: spec(),
    status: fields<ContainerServiceStatus>({
      phase: choice(['Pending', 'Updating', 'Ready', 'Degraded', 'Failed']),
      observedGeneration: integer({ format: 'int64' }),
      image: text(),
      imageSource: text(),
      replicas: integer({ format: 'int32' }),
      readyReplicas: integer({ format: 'int32' }),
      updatedReplicas: integer({ format: 'int32' }),
      url: text(),
      address: text(),
      hostname: text(),
      conditions: conditions(),
    }),
  },
}
