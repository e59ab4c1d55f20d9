// Pure: from Services and EndpointSlices to what a packet must know: addresses, ports and where to.
import { isIPv4 } from 'node:net'
import type { Service } from '#kinds/k8s/core.ts'
import type { Endpoint, EndpointSlice } from '#kinds/k8s/discovery.ts'

export type Protocol = 'TCP' | 'UDP'

export interface Backend {
  address: string
  port: number
  /** Node the pod runs on; undefined for addresses outside the cluster's machines. */
  node: string | undefined
}

/** One port of one service. */
export interface ServicePortRoute {
  /** `namespace/name:port/protocol`, unique. */
  id: string
  service: string
  protocol: Protocol
  port: number
  clusterAddresses: string[]
  balancerAddresses: string[]
  /** Sorted, so that equal states give equal rules. */
  backends: Backend[]
}

/** Only what nft reads as one address: a status or a slice may hold anything users wrote. */
const isAddress = (text: string | undefined): text is string => text !== undefined && isIPv4(text)

const isPort = (port: unknown): port is number =>
  typeof port === 'number' && Number.isInteger(port) && port >= 1 && port <= 65_535

/**
 * Ready endpoints take new connections; when there is none, those that still serve while they
 * terminate do (KEP-1669), so that the last instance's end loses no request.
 */
function usable(endpoints: Endpoint[]): Endpoint[] {
  const ready = endpoints.filter((endpoint) => endpoint.conditions?.ready !== false)
  if (ready.length > 0) return ready
  return endpoints.filter(
    ({ conditions }) => conditions?.serving === true && conditions.terminating === true,
  )
}

function backendsOf(slices: EndpointSlice[], portName: string, protocol: Protocol): Backend[] {
  const candidates = slices.flatMap((slice) => {
    const port = slice.ports?.find(
      (p) => (p.name ?? '') === portName && (p.protocol ?? 'TCP') === protocol,
    )?.port
    return !isPort(port) ? [] : (slice.endpoints ?? []).map((endpoint) => ({ endpoint, port }))
  })
  const chosen = new Set(usable(candidates.map(({ endpoint }) => endpoint)))
  const byPlace = new Map<string, Backend>()
  for (const { endpoint, port } of candidates) {
    if (!chosen.has(endpoint)) continue
    for (const address of endpoint.addresses.filter(isAddress))
      byPlace.set(`${address}:${port}`, { address, port, node: endpoint.nodeName })
  }
  return [...byPlace.entries()]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([, backend]) => backend)
}

/** Routes of all ports of all services with an address, sorted by id. */
export function serviceRoutes(
  services: readonly Service[],
  slicesOf: (service: Service) => EndpointSlice[],
): ServicePortRoute[] {
  return services.flatMap(routesOf).toSorted((a, b) => (a.id < b.id ? -1 : 1))

  function routesOf(service: Service): ServicePortRoute[] {
    const { spec, status, metadata } = service
    if (spec.type === 'ExternalName') return []
    const clusterAddresses = (spec.clusterIPs ?? [spec.clusterIP ?? '']).filter(isAddress)
    const balancerAddresses =
      spec.type === 'LoadBalancer'
        ? (status?.loadBalancer?.ingress ?? []).map((ingress) => ingress.ip).filter(isAddress)
        : []
    if (clusterAddresses.length + balancerAddresses.length === 0) return []
    const slices = slicesOf(service).filter((slice) => slice.addressType === 'IPv4')
    const name = `${metadata.namespace}/${metadata.name}`
    return (spec.ports ?? []).flatMap((port) => {
      const protocol = port.protocol ?? 'TCP'
      // SCTP needs a kernel module that few machines have; such ports get no address.
      if (protocol === 'SCTP') return []
      return {
        id: `${name}:${port.port}/${protocol}`,
        service: name,
        protocol,
        port: port.port,
        clusterAddresses,
        balancerAddresses,
        backends: backendsOf(slices, port.name ?? '', protocol),
      }
    })
  }
}
