import {
  type ContainerServiceSpec,
  type ContainerServiceStatus,
  type Readiness,
  serviceDefaults,
  type ServicePort,
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

const { argumentsMax, drainSecondsMax, envMax, portsMax, probeSecondsMax, replicasMax } =
  serviceLimits
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

const probeSeconds = (minimum: number): Schema =>
  integer({ format: 'int32', minimum, maximum: probeSecondsMax })

const readiness = (): Schema => ({
  ...fields<Readiness>({
    type: choice(['TCP', 'HTTP', 'None'], { default: serviceDefaults.readiness.type }),
    port: port(),
    path: text({ pattern: '^/', maxLength: 1024 }),
    initialDelaySeconds: probeSeconds(0),
    periodSeconds: probeSeconds(1),
    timeoutSeconds: probeSeconds(1),
    failureThreshold: integer({ format: 'int32', minimum: 1, maximum: 100 }),
  }),
  'x-kubernetes-validations': [
    {
      rule: "!has(self.path) || self.type == 'HTTP'",
      message: 'path is for a check of type HTTP',
      fieldPath: '.path',
    },
    {
      rule: "!has(self.port) || self.type != 'None'",
      message: 'port is for a check of type TCP or HTTP',
      fieldPath: '.port',
    },
  ],
})

/** What a revision is made of, beside its image: the fields that make instances what they are. */
export const templateFields = () => ({
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
  readiness: readiness(),
  drainSeconds: integer({
    format: 'int32',
    minimum: 0,
    maximum: drainSecondsMax,
    default: serviceDefaults.drainSeconds,
  }),
  spread: choice(['Preferred', 'Required', 'None'], { default: serviceDefaults.spread }),
})

const spec = (): Schema =>
  fields<ContainerServiceSpec>(
    {
      cluster: dnsLabel(clusterLengthMax),
      image: text({ minLength: 1, maxLength: 1024, pattern: '^\\S+$' }),
      replicas: integer({
        format: 'int32',
        minimum: 0,
        maximum: replicasMax,
        default: serviceDefaults.replicas,
      }),
      ...templateFields(),
      access: choice(['Public', 'Cluster', 'None'], { default: serviceDefaults.access }),
      maxUnavailable: {
        'x-kubernetes-int-or-string': true,
        anyOf: [{ type: 'integer' }, { type: 'string' }],
        pattern: '^([1-9][0-9]?|100)%$',
        minimum: 1,
        default: serviceDefaults.maxUnavailable,
      },
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
      observedRequests: text(),
      image: text(),
      imageSource: text(),
      revision: integer({ format: 'int64' }),
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
