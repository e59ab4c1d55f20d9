// The definitions that make the product's kinds known to the hub, be it ours or a real Kubernetes.
import type {
  CustomResourceColumnDefinition,
  CustomResourceDefinition,
  CustomResourceSubresources,
} from '#kinds/k8s/apiextensions.ts'
import { apiVersionOf } from '#kinds/meta.ts'
import type { KindRef } from '#kinds/ref.ts'
import { customResourceDefinitions } from '#kinds/refs.ts'
import { clusterSchema } from './cluster-schema.ts'
import { clusters } from './cluster.ts'
import { containerServiceSchema } from './container-service-schema.ts'
import { containerServices } from './container-service.ts'
import { machineSchema } from './machine-schema.ts'
import { machineTypeSchema } from './machine-type-schema.ts'
import { machineTypes } from './machine-type.ts'
import { machines } from './machine.ts'
import { robotSchema, userGroupSchema, userSchema } from './people-schemas.ts'
import { projectSchema } from './project-schema.ts'
import { projects } from './project.ts'
import { robots } from './robot.ts'
import type { Schema } from './schema.ts'
import { serviceRevisionSchema } from './service-revision-schema.ts'
import { serviceRevisions } from './service-revision.ts'
import { upstreamSchema } from './upstream-schema.ts'
import { upstreams } from './upstream.ts'
import { userGroups } from './user-group.ts'
import { users } from './user.ts'

type ColumnDefinition = CustomResourceColumnDefinition

interface DefinitionOptions {
  schema: Schema
  shortNames: readonly string[]
  subresources: CustomResourceSubresources
  columns: readonly ColumnDefinition[]
}

const column = (name: string, jsonPath: string, more: Partial<ColumnDefinition> = {}) => ({
  name,
  jsonPath,
  type: 'string',
  ...more,
})
const age = column('Age', '.metadata.creationTimestamp', { type: 'date' })
const wide = { priority: 1 } as const

function define(
  ref: KindRef,
  { schema, shortNames, subresources, columns }: DefinitionOptions,
): CustomResourceDefinition {
  const { group, version, kind, plural, namespaced } = ref
  return {
    apiVersion: apiVersionOf(customResourceDefinitions),
    kind: customResourceDefinitions.kind,
    metadata: { name: `${plural}.${group}` },
    spec: {
      group,
      scope: namespaced ? 'Namespaced' : 'Cluster',
      names: {
        plural,
        singular: kind.toLowerCase(),
        kind,
        listKind: `${kind}List`,
        shortNames: [...shortNames],
        categories: ['ccs'],
      },
      versions: [
        {
          name: version,
          served: true,
          storage: true,
          schema: { openAPIV3Schema: structuredClone(schema) },
          subresources,
          additionalPrinterColumns: [...columns, age],
        },
      ],
    },
  }
}

/** In the order in which they refer to one another. */
export const ccsDefinitions: readonly CustomResourceDefinition[] = [
  define(machineTypes, {
    schema: machineTypeSchema,
    shortNames: ['mt'],
    subresources: {},
    columns: [
      column('CPU', '.spec.cpu'),
      column('Memory', '.spec.memory'),
      column('Pods', '.spec.podsMax', { type: 'integer', ...wide }),
    ],
  }),
  define(clusters, {
    schema: clusterSchema,
    shortNames: ['cl'],
    subresources: { status: {} },
    columns: [
      column('Provider', '.spec.provider'),
      column('Region', '.spec.region'),
      column('Phase', '.status.phase'),
      column('Gateway', '.status.gatewayAddress', wide),
      column('Pods', '.status.network.podCIDR', wide),
      column('Services', '.status.network.serviceCIDR', wide),
    ],
  }),
  define(machines, {
    schema: machineSchema,
    shortNames: ['ma'],
    subresources: { status: {} },
    columns: [
      column('Cluster', '.spec.cluster'),
      column('Zone', '.spec.zone'),
      column('Type', '.spec.type'),
      column('Phase', '.status.phase'),
      column('Address', '.status.address'),
    ],
  }),
  define(containerServices, {
    schema: containerServiceSchema,
    shortNames: ['csvc'],
    subresources: {
      status: {},
      // For `kubectl scale`, and for whatever scales by figures.
      scale: { specReplicasPath: '.spec.replicas', statusReplicasPath: '.status.replicas' },
    },
    columns: [
      column('Cluster', '.spec.cluster'),
      column('Replicas', '.spec.replicas', { type: 'integer' }),
      column('Ready', '.status.readyReplicas', { type: 'integer' }),
      column('Phase', '.status.phase'),
      column('URL', '.status.url'),
      column('Revision', '.status.revision', { type: 'integer', ...wide }),
      column('Image', '.spec.image', wide),
    ],
  }),
  define(serviceRevisions, {
    schema: serviceRevisionSchema,
    shortNames: ['csrev'],
    subresources: {},
    columns: [
      column('Service', '.spec.service'),
      column('Revision', '.spec.revision', { type: 'integer' }),
      column('Image', '.spec.image'),
      column('By', '.spec.changedBy', wide),
      column('Runs', '.spec.resolvedImage', wide),
    ],
  }),
  define(projects, {
    schema: projectSchema,
    shortNames: ['proj'],
    subresources: { status: {} },
    columns: [
      column('Visibility', '.spec.visibility'),
      column('Quota', '.spec.storageQuota'),
      column('Description', '.spec.description', wide),
    ],
  }),
  define(users, {
    schema: userSchema,
    shortNames: [],
    subresources: {},
    columns: [
      column('Name of person', '.spec.displayName'),
      column('Administrator', '.spec.administrator', { type: 'boolean' }),
      column('Disabled', '.spec.disabled', { type: 'boolean' }),
    ],
  }),
  define(userGroups, {
    schema: userGroupSchema,
    shortNames: [],
    subresources: {},
    columns: [column('Description', '.spec.description')],
  }),
  define(robots, {
    schema: robotSchema,
    shortNames: [],
    subresources: { status: {} },
    columns: [
      column('Expires', '.spec.expiresAt', { type: 'date' }),
      column('Disabled', '.spec.disabled', { type: 'boolean' }),
      column('Description', '.spec.description', wide),
    ],
  }),
  define(upstreams, {
    schema: upstreamSchema,
    shortNames: ['up'],
    subresources: { status: {} },
    columns: [
      column('Host', '.spec.host'),
      column('Breaker', '.status.breaker'),
      column('Left', '.status.pulls.remaining', { type: 'integer' }),
      column('Limit', '.status.pulls.limit', { type: 'integer' }),
      column('Offline', '.spec.offline', { type: 'boolean', ...wide }),
      column('Error', '.status.lastError', wide),
    ],
  }),
]
