import type { Service, ServicePort } from './k8s/core.ts'
import { ageColumn, column, labelsCell, nameColumn, wideColumn } from './columns.ts'
import { defineKind } from './define-kind.ts'
import { prepareStatus } from './prepare.ts'
import { services } from './refs.ts'
import {
  defaultService,
  dropFieldsOfOldType,
  isExternalName,
  keepAllocated,
  syncClusterIPs,
} from './service-fields.ts'
import { validateServiceSpec, validateServiceUpdate } from './validate/service.ts'
import { serviceWarnings } from './warnings/service.ts'

export type { Service } from './k8s/core.ts'

const statusRules = prepareStatus<Service>({ initial: () => ({ loadBalancer: {} }) })

function externalCell({ spec, status }: Service): string {
  const external = spec.externalIPs ?? []
  if (isExternalName(spec)) return spec.externalName ?? ''
  if (spec.type !== 'LoadBalancer') return external.join(',') || '<none>'
  const ingress = (status?.loadBalancer?.ingress ?? []).map(({ ip, hostname }) => ip || hostname)
  return [...ingress, ...external].join(',') || '<pending>'
}

const portCell = ({ port, nodePort, protocol }: ServicePort): string =>
  nodePort ? `${port}:${nodePort}/${protocol}` : `${port}/${protocol}`

export const serviceKind = defineKind<Service>({
  ref: services,
  schema: 'io.k8s.api.core.v1.Service',
  shortNames: ['svc'],
  categories: ['all'],
  subresources: ['status', 'proxy'],
  nameRule: 'dns-label',
  defaults: defaultService,
  validate: ({ spec }, old) => [
    ...validateServiceSpec(spec),
    ...(old === undefined ? [] : validateServiceUpdate(spec, old.spec)),
  ],
  warnings: serviceWarnings,
  prepare(service, old, subresource) {
    statusRules(service, old, subresource)
    if (subresource === 'status') return
    if (old !== undefined) keepAllocated(service.spec, old.spec)
    syncClusterIPs(service.spec, old?.spec)
    if (old !== undefined) dropFieldsOfOldType(service.spec, old.spec)
  },
  columns: [
    nameColumn,
    column('Type', 'How the service is reached.', ({ spec }) => spec.type ?? ''),
    column('Cluster-IP', 'Address inside the cluster.', ({ spec }) => spec.clusterIP || '<none>'),
    column('External-IP', 'Addresses outside the cluster.', externalCell),
    column(
      'Port(s)',
      'Ports of the service, and of nodes after the colon.',
      ({ spec }) => (spec.ports ?? []).map(portCell).join(',') || '<none>',
    ),
    ageColumn,
    wideColumn('Selector', 'Labels of the pods behind the service.', ({ spec }) =>
      labelsCell(spec.selector),
    ),
  ],
  fields: {
    'spec.clusterIP': ({ spec }) => spec.clusterIP ?? '',
    'spec.type': ({ spec }) => spec.type ?? '',
  },
})
