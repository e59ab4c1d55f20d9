// Gives services their ClusterIPs and node ports.
import type { Service } from '#kinds/k8s/core.ts'
import { needsHealthCheck } from '#kinds/service-fields.ts'
import { invalid } from '#kinds/validate/field-error.ts'
import { invalidObject } from '../api-errors.ts'
import type { ObjectStorage } from '../objects/object-storage.ts'
import { prefixFor } from '../resources.ts'
import type { AddressRange } from './address-range.ts'
import { addressRange } from './address-range.ts'
import type { AdmissionPlugin, AdmissionRequest } from './plugin.ts'
import { chooseFamilies } from './service-families.ts'
import type { Uses } from './uses.ts'
import { createUses } from './uses.ts'

/** Low ports are left to services that ask for one, as in Kubernetes. */
const NODE_PORTS = { first: 30_000, firstDynamic: 30_086, last: 32_767 }
const SERVICE = { group: '', kind: 'Service' }

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
    ports.set(key, service === undefined ? [] : heldPorts(service))
  })
  return {
    close: () => watch.close(),
    plugin: {
      name: 'ServiceAddresses',
      admit(request) {
        if (request.group !== '' || request.resource !== 'services') return
        if (request.object === undefined || request.subresource !== undefined) return
        const { spec } = request.object as Service
        const before = (request.old as Service | undefined)?.spec
        if (spec.type !== 'ExternalName') {
          const errors = chooseFamilies(spec)
          if (errors.length > 0) throw invalidObject(SERVICE, request.name, errors)
          // A change of an address is refused by validation, which comes after us.
          const isKept = before !== undefined && addressOf(before) !== undefined
          if (range !== undefined && !isKept) allocateAddress(spec, request, { range, addresses })
        }
        allocatePorts(spec, request, ports)
        allocateHealthCheck(spec, request, ports)
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
  const asked = addressOf(spec)
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
  request.onAbandoned(addresses.reserve(address, key))
}

/**
 * A node port belongs to one service, whatever the protocol; ports of a service with the same number,
 * TCP and UDP, share theirs.
 */
function allocatePorts(spec: Spec, request: AdmissionRequest, ports: Uses): void {
  if (spec.type !== 'NodePort' && spec.type !== 'LoadBalancer') return
  const key = keyOf(request)
  const isFree = (number: number) => ports.isFree(String(number), key)
  const byPort = new Map<number, number>()
  const take = (port: number, nodePort: number) => {
    request.onAbandoned(ports.reserve(String(nodePort), key))
    byPort.set(port, nodePort)
  }
  for (const [index, { port, nodePort }] of (spec.ports ?? []).entries()) {
    if (!nodePort) continue
    checkPort(request, `spec.ports[${index}].nodePort`, nodePort, isFree(nodePort))
    take(port, nodePort)
  }
  if (spec.type === 'LoadBalancer' && spec.allocateLoadBalancerNodePorts === false) return
  for (const [index, port] of (spec.ports ?? []).entries()) {
    if (port.nodePort) continue
    const own = new Set(byPort.values())
    port.nodePort =
      byPort.get(port.port) ?? firstFreePort((number) => isFree(number) && !own.has(number))
    const field = `spec.ports[${index}].nodePort`
    if (port.nodePort === undefined)
      throw refused(request, field, 0, 'failed to allocate a nodePort: range is full')
    take(port.port, port.nodePort)
  }
}

function allocateHealthCheck(spec: Spec, request: AdmissionRequest, ports: Uses): void {
  if (!needsHealthCheck(spec)) return
  const key = keyOf(request)
  const isFree = (number: number) =>
    ports.isFree(String(number), key) && !nodePortsOf(spec).includes(String(number))
  const field = 'spec.healthCheckNodePort'
  const before = (request.old as Service | undefined)?.spec.healthCheckNodePort
  if (spec.healthCheckNodePort && spec.healthCheckNodePort !== before)
    checkPort(request, field, spec.healthCheckNodePort, isFree(spec.healthCheckNodePort))
  spec.healthCheckNodePort ||= firstFreePort(isFree)
  if (spec.healthCheckNodePort === undefined)
    throw refused(request, field, 0, 'failed to allocate a nodePort: range is full')
  request.onAbandoned(ports.reserve(String(spec.healthCheckNodePort), key))
}

type Spec = Service['spec']

const keyOf = ({ namespace, name }: AdmissionRequest) =>
  `${prefixFor('', 'services')}${namespace ?? ''}/${name}`

const addressesOf = ({ spec }: Service): string[] =>
  (spec.clusterIPs ?? []).filter((address) => address !== 'None' && address !== '')

const addressOf = ({ clusterIP, clusterIPs }: Spec): string | undefined =>
  clusterIP || clusterIPs?.[0]

const nodePortsOf = ({ ports = [] }: Spec): string[] =>
  ports.flatMap(({ nodePort }) => (nodePort ? [String(nodePort)] : []))

/** All ports on nodes that a service holds. */
const heldPorts = ({ spec }: Service): string[] =>
  spec.healthCheckNodePort
    ? [...nodePortsOf(spec), String(spec.healthCheckNodePort)]
    : nodePortsOf(spec)

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
  const { first, last, firstDynamic } = NODE_PORTS
  for (let port = firstDynamic; port <= last; port++) if (isFree(port)) return port
  for (let port = first; port < firstDynamic; port++) if (isFree(port)) return port
  return undefined
}

const refused = ({ name }: AdmissionRequest, field: string, value: unknown, why: string) =>
  invalidObject(SERVICE, name, [invalid(field, value, why)])
