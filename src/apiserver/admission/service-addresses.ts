// Gives services their ClusterIPs and node ports.
import type { Service, ServicePort } from '#kinds/k8s/core.ts'
import type { KubeObject } from '#kinds/object.ts'
import { invalid } from '#kinds/validate/field-error.ts'
import type { Store } from '#storage/types.ts'
import { invalidObject } from '../api-errors.ts'
import { prefixFor } from '../resources.ts'
import { addressRange } from './address-range.ts'
import type { AdmissionPlugin, AdmissionRequest } from './plugin.ts'
import { createUses } from './uses.ts'

const NODE_PORTS = { first: 30_000, last: 32_767 }

export interface ServiceAddressesOptions {
  store: Store
  decode: (bytes: Uint8Array) => KubeObject
  /** Without it no service gets a ClusterIP. */
  serviceCIDR: string | undefined
}

export interface ServiceAddresses {
  plugin: AdmissionPlugin
  close(): void
}

export function serviceAddresses(options: ServiceAddressesOptions): ServiceAddresses {
  const { store, decode, serviceCIDR } = options
  const range = serviceCIDR === undefined ? undefined : addressRange(serviceCIDR)
  const prefix = prefixFor('', 'services')
  const addresses = createUses()
  const ports = createUses()
  const follow = (key: string, service: Service | undefined) => {
    addresses.set(key, service === undefined ? [] : addressesOf(service))
    ports.set(key, service === undefined ? [] : nodePortsOf(service))
  }
  for (const { key, value } of store.list(prefix)) follow(key, decode(value) as Service)
  const watch = store.watch(prefix, store.revision, {
    events(events) {
      for (const { key, type, value } of events)
        follow(key, type === 'put' ? (decode(value) as Service) : undefined)
    },
  })

  const allocateAddress = (service: Service, request: AdmissionRequest) => {
    const { spec } = service
    if (spec.type === 'ExternalName') return releaseAddress(spec)
    if (spec.clusterIP === 'None' || range === undefined) return
    const key = keyOf(request)
    const asked = spec.clusterIP || spec.clusterIPs?.[0]
    if (asked) {
      const why = range.contains(asked)
        ? addresses.isFree(asked, key)
          ? undefined
          : 'provided IP is already allocated'
        : 'the provided network does not match the current range'
      if (why !== undefined)
        throw refused(request, 'spec.clusterIPs', [asked], `failed to allocate IP ${asked}: ${why}`)
    }
    const address = asked || range.firstFree((one) => addresses.isFree(one, key))
    if (address === undefined)
      throw refused(request, 'spec.clusterIPs', [], 'failed to allocate a serviceIP: range is full')
    spec.clusterIP = address
    spec.clusterIPs = [address]
    spec.ipFamilies ??= ['IPv4']
    spec.ipFamilyPolicy ??= 'SingleStack'
    request.onAbandoned(addresses.reserve(address, key))
  }

  const allocatePorts = (service: Service, request: AdmissionRequest) => {
    const { spec } = service
    if (!wantsNodePorts(spec)) {
      for (const port of spec.ports ?? []) delete port.nodePort
      return
    }
    const key = keyOf(request)
    for (const [index, port] of (spec.ports ?? []).entries()) {
      const id = (number: number) => `${number}/${port.protocol ?? 'TCP'}`
      if (port.nodePort) checkPort(request, index, port, ports.isFree(id(port.nodePort), key))
      else port.nodePort = firstFreePort((number) => ports.isFree(id(number), key))
      request.onAbandoned(ports.reserve(id(port.nodePort!), key))
    }
  }

  return {
    close: () => watch.close(),
    plugin: {
      name: 'ServiceAddresses',
      admit(request) {
        if (request.group !== '' || request.resource !== 'services') return
        if (request.object === undefined || request.subresource !== undefined) return
        const service = request.object as Service
        keepAddress(service, request.old as Service | undefined)
        allocateAddress(service, request)
        allocatePorts(service, request)
      },
    },
  }
}

type Spec = Service['spec']

const keyOf = ({ namespace, name }: AdmissionRequest) =>
  `${prefixFor('', 'services')}${namespace ?? ''}/${name}`

const addressesOf = ({ spec }: Service): string[] =>
  (spec.clusterIPs ?? []).filter((address) => address !== 'None' && address !== '')

const nodePortsOf = ({ spec }: Service): string[] =>
  (spec.ports ?? [])
    .filter(({ nodePort }) => nodePort)
    .map(({ nodePort, protocol }) => `${nodePort!}/${protocol ?? 'TCP'}`)

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

function checkPort(
  request: AdmissionRequest,
  index: number,
  { nodePort }: ServicePort,
  isFree: boolean,
): void {
  const field = `spec.ports[${index}].nodePort`
  if (nodePort! < NODE_PORTS.first || nodePort! > NODE_PORTS.last)
    throw refused(
      request,
      field,
      nodePort,
      `provided port is not in the valid range. The range of valid ports is ${NODE_PORTS.first}-${NODE_PORTS.last}`,
    )
  if (!isFree) throw refused(request, field, nodePort, 'provided port is already allocated')
}

function firstFreePort(isFree: (port: number) => boolean): number | undefined {
  for (let port = NODE_PORTS.first; port <= NODE_PORTS.last; port++) if (isFree(port)) return port
  return undefined
}

const refused = ({ name }: AdmissionRequest, field: string, value: unknown, why: string) =>
  invalidObject({ group: '', kind: 'Service' }, name, [invalid(field, value, why)])
