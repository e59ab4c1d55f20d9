// Gives services their ClusterIPs and node ports.
import type { Service, ServicePort } from '#kinds/k8s/core.ts'
import { invalid } from '#kinds/validate/field-error.ts'
import { invalidObject } from '../api-errors.ts'
import type { ObjectStorage } from '../objects/object-storage.ts'
import { prefixFor } from '../resources.ts'
import type { AddressRange } from './address-range.ts'
import { addressRange } from './address-range.ts'
import type { AdmissionPlugin, AdmissionRequest } from './plugin.ts'
import type { Uses } from './uses.ts'
import { createUses } from './uses.ts'

const NODE_PORTS = { first: 30_000, last: 32_767 }

export interface ServiceAddressesOptions {
  objects: ObjectStorage
  /** Without it no service gets a ClusterIP. */
  serviceCIDR: string | undefined
}

export interface ServiceAddresses {
  plugin: AdmissionPlugin
  close(): void
}

export function serviceAddresses({
  objects,
  serviceCIDR,
}: ServiceAddressesOptions): ServiceAddresses {
  const range = serviceCIDR === undefined ? undefined : addressRange(serviceCIDR)
  const addresses = createUses()
  const ports = createUses()
  const watch = follow(objects, (key, service) => {
    addresses.set(key, service === undefined ? [] : addressesOf(service))
    ports.set(key, service === undefined ? [] : nodePortsOf(service))
  })
  return {
    close: () => watch.close(),
    plugin: {
      name: 'ServiceAddresses',
      admit(request) {
        if (request.group !== '' || request.resource !== 'services') return
        if (request.object === undefined || request.subresource !== undefined) return
        const service = request.object as Service
        keepAddress(service, request.old as Service | undefined)
        if (service.spec.type === 'ExternalName') releaseAddress(service.spec)
        else if (range !== undefined) allocateAddress(service.spec, request, { range, addresses })
        allocatePorts(service.spec, request, ports)
      },
    },
  }
}

/** Tells of every service that is stored, now and later. */
function follow(
  objects: ObjectStorage,
  tell: (key: string, service: Service | undefined) => void,
): { close(): void } {
  const prefix = prefixFor('', 'services')
  for (const { key, object } of objects.list(prefix)) tell(key, object as Service)
  return objects.store.watch(prefix, objects.revision, {
    events(events) {
      for (const { key, type, value } of events)
        tell(key, type === 'put' ? (objects.decode(value) as Service) : undefined)
    },
  })
}

function allocateAddress(
  spec: Spec,
  request: AdmissionRequest,
  { range, addresses }: { range: AddressRange; addresses: Uses },
): void {
  if (spec.clusterIP === 'None') return
  const key = keyOf(request)
  const asked = spec.clusterIP || spec.clusterIPs?.[0]
  const refuse = (value: string[], why: string) =>
    refused(request, 'spec.clusterIPs', value, `failed to allocate ${why}`)
  if (asked && !range.contains(asked))
    throw refuse([asked], `IP ${asked}: the provided network does not match the current range`)
  if (asked && !addresses.isFree(asked, key))
    throw refuse([asked], `IP ${asked}: provided IP is already allocated`)
  const address = asked || range.firstFree((one) => addresses.isFree(one, key))
  if (address === undefined) throw refuse([], 'a serviceIP: range is full')
  spec.clusterIP = address
  spec.clusterIPs = [address]
  spec.ipFamilies ??= ['IPv4']
  spec.ipFamilyPolicy ??= 'SingleStack'
  request.onAbandoned(addresses.reserve(address, key))
}

function allocatePorts(spec: Spec, request: AdmissionRequest, ports: Uses): void {
  if (!wantsNodePorts(spec)) {
    for (const port of spec.ports ?? []) delete port.nodePort
    return
  }
  const key = keyOf(request)
  for (const [index, port] of (spec.ports ?? []).entries()) {
    const isFree = (number: number) => ports.isFree(portId(number, port), key)
    const field = `spec.ports[${index}].nodePort`
    if (port.nodePort) checkPort(request, field, port.nodePort, isFree(port.nodePort))
    else port.nodePort = firstFreePort(isFree)
    if (port.nodePort === undefined)
      throw refused(request, field, 0, 'failed to allocate a nodePort: range is full')
    request.onAbandoned(ports.reserve(portId(port.nodePort, port), key))
  }
}

const portId = (number: number, { protocol }: ServicePort) => `${number}/${protocol ?? 'TCP'}`

type Spec = Service['spec']

const keyOf = ({ namespace, name }: AdmissionRequest) =>
  `${prefixFor('', 'services')}${namespace ?? ''}/${name}`

const addressesOf = ({ spec }: Service): string[] =>
  (spec.clusterIPs ?? []).filter((address) => address !== 'None' && address !== '')

const nodePortsOf = ({ spec }: Service): string[] =>
  (spec.ports ?? []).filter(({ nodePort }) => nodePort).map((port) => portId(port.nodePort!, port))

function releaseAddress(spec: Spec): void {
  delete spec.clusterIP
  delete spec.clusterIPs
}

/** An update that leaves the addresses out keeps those the service has. */
function keepAddress({ spec }: Service, old: Service | undefined): void {
  if (old === undefined || spec.type === 'ExternalName') return
  if (!spec.clusterIP && old.spec.clusterIP) {
    spec.clusterIP = old.spec.clusterIP
    if (old.spec.clusterIPs !== undefined) spec.clusterIPs = [...old.spec.clusterIPs]
  }
  for (const port of spec.ports ?? []) {
    const same = old.spec.ports?.find(
      (one) => one.port === port.port && one.protocol === port.protocol,
    )
    if (!port.nodePort && same?.nodePort) port.nodePort = same.nodePort
  }
}

function wantsNodePorts({ type, allocateLoadBalancerNodePorts }: Spec): boolean {
  return type === 'NodePort' || (type === 'LoadBalancer' && allocateLoadBalancerNodePorts !== false)
}

function checkPort(request: AdmissionRequest, field: string, port: number, isFree: boolean): void {
  const { first, last } = NODE_PORTS
  if (port < first || port > last)
    throw refused(
      request,
      field,
      port,
      `provided port is not in the valid range. The range of valid ports is ${first}-${last}`,
    )
  if (!isFree) throw refused(request, field, port, 'provided port is already allocated')
}

function firstFreePort(isFree: (port: number) => boolean): number | undefined {
  for (let port = NODE_PORTS.first; port <= NODE_PORTS.last; port++) if (isFree(port)) return port
  return undefined
}

const refused = ({ name }: AdmissionRequest, field: string, value: unknown, why: string) =>
  invalidObject({ group: '', kind: 'Service' }, name, [invalid(field, value, why)])
