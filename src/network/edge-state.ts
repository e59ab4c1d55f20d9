// All that edge needs to know, small and plain, so that it can be kept on disk: names resolve and
// ports forward after a restart of edge even while the engine is away.
import type { Service } from '#kinds/k8s/core.ts'
import type { EndpointSlice } from '#kinds/k8s/discovery.ts'
import type { Forward } from './forward/forwarded-port.ts'
import { forwardBackends } from './forward/forward-backends.ts'
import { HOST_PORT_MIN, HOST_PORTS_ANNOTATION } from './load-balancer-controller.ts'

export interface NamedPort {
  name: string
  protocol: 'TCP' | 'UDP'
  port: number
}

/** A port of one pod of a headless service. */
export interface HostPortName extends NamedPort {
  /** Key in `hosts`. */
  host: string
}

/** A service as names see it. */
export interface NamedService {
  namespace: string
  name: string
  /** ClusterIPs; for a headless service the addresses of its ready pods. */
  addresses: string[]
  /** Addresses of a headless service's pods by their host names, or by the address as a name: "10-0-0-1". */
  hosts: Record<string, string[]>
  /** Ports of those pods; absent in states written by older versions. */
  hostPorts?: HostPortName[]
  ports: NamedPort[]
  /** Set for type ExternalName. */
  externalName?: string
  /** Address of the load balancer. */
  balancer?: string
}

export interface EdgeCluster {
  name: string
  gatewayAddress: string
  services: NamedService[]
  forwards: Forward[]
}

export interface EdgeState {
  version: 1
  clusters: EdgeCluster[]
}

/**
 * The state as it is kept: backends come and go too fast for the disk, and after a restart the
 * kernel knows them.
 */
export function lastingState({ version, clusters }: EdgeState): EdgeState {
  return {
    version,
    clusters: clusters.map((cluster) => ({
      ...cluster,
      forwards: cluster.forwards.map(({ hostPort, address, port, protocol }) => ({
        hostPort,
        address,
        port,
        ...(protocol === undefined ? {} : { protocol }),
      })),
    })),
  }
}

export const EMPTY_EDGE_STATE: EdgeState = { version: 1, clusters: [] }

const HOST_PORT_MAX = 65_535

const isSet = (text: string | undefined): text is string => text !== undefined && text !== ''

function headlessAddresses(service: Service, slices: EndpointSlice[]) {
  const all = service.spec.publishNotReadyAddresses === true
  const hosts: Record<string, string[]> = {}
  const hostPorts = new Map<string, HostPortName>()
  for (const { addressType, endpoints, ports } of slices) {
    if (addressType !== 'IPv4') continue
    for (const { addresses, hostname, conditions } of endpoints ?? []) {
      if (!all && conditions?.ready === false) continue
      for (const address of addresses) {
        const host = isSet(hostname) ? hostname : address.replaceAll('.', '-')
        hosts[host] = [...new Set([...(hosts[host] ?? []), address])]
        for (const { name = '', protocol, port } of ports ?? [])
          if (port !== undefined && protocol !== 'SCTP')
            hostPorts.set(`${host} ${name} ${protocol} ${port}`, {
              host,
              name,
              protocol: protocol ?? 'TCP',
              port,
            })
      }
    }
  }
  const addresses = new Set(Object.values(hosts).flat())
  return { addresses: [...addresses].toSorted(), hosts, hostPorts: [...hostPorts.values()] }
}

export function namedService(service: Service, slices: EndpointSlice[]): NamedService {
  const { spec, status, metadata } = service
  const isHeadless = spec.clusterIP === 'None'
  const fixed = (spec.clusterIPs ?? [spec.clusterIP]).filter(isSet)
  const found = isHeadless
    ? headlessAddresses(service, slices)
    : { addresses: spec.type === 'ExternalName' ? [] : fixed, hosts: {} }
  const balancer = spec.type === 'LoadBalancer' ? status?.loadBalancer?.ingress?.[0]?.ip : undefined
  return {
    namespace: metadata.namespace!,
    name: metadata.name,
    ...found,
    ports: (spec.ports ?? []).map((port) => ({
      name: port.name ?? '',
      protocol: port.protocol === 'UDP' ? 'UDP' : 'TCP',
      port: port.port,
    })),
    ...(spec.type === 'ExternalName' && isSet(spec.externalName)
      ? { externalName: spec.externalName }
      : {}),
    ...(isSet(balancer) ? { balancer } : {}),
  }
}

/** Undefined for what we did not write: anyone who may edit the service may edit the annotation. */
function parseHostPorts(annotation: string): Partial<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(annotation)
    return typeof value === 'object' && value !== null ? { ...value } : undefined
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

const isHostPort = (port: unknown): port is number =>
  typeof port === 'number' &&
  Number.isInteger(port) &&
  port >= HOST_PORT_MIN &&
  port <= HOST_PORT_MAX

/** What to listen on at 127.0.0.1 for a service; empty before its load balancer is made. */
export function forwardsOf(service: Service, slices: readonly EndpointSlice[]): Forward[] {
  const annotation = service.metadata.annotations?.[HOST_PORTS_ANNOTATION]
  const address = service.status?.loadBalancer?.ingress?.[0]?.ip
  if (annotation === undefined || !isSet(address) || service.spec.type !== 'LoadBalancer') return []
  const hostPorts = parseHostPorts(annotation) ?? {}
  const isSticky = service.spec.sessionAffinity === 'ClientIP'
  return (service.spec.ports ?? []).flatMap(({ name = '', port, protocol = 'TCP' }) => {
    const hostPort = hostPorts[`${port}/${protocol}`]
    if (protocol === 'SCTP' || !isHostPort(hostPort)) return []
    const backends = forwardBackends(slices, name, protocol)
    const other = protocol === 'UDP' ? { protocol } : {}
    return { hostPort, address, port, ...other, backends, isSticky }
  })
}

export function edgeCluster(options: {
  name: string
  gatewayAddress: string
  services: readonly Service[]
  slicesOf: (service: Service) => EndpointSlice[]
}): EdgeCluster {
  const { name, gatewayAddress, services, slicesOf } = options
  const sorted = services.toSorted((a, b) =>
    `${a.metadata.namespace}/${a.metadata.name}` < `${b.metadata.namespace}/${b.metadata.name}`
      ? -1
      : 1,
  )
  return {
    name,
    gatewayAddress,
    services: sorted.map((service) => namedService(service, slicesOf(service))),
    forwards: sorted.flatMap((service) => forwardsOf(service, slicesOf(service))),
  }
}
