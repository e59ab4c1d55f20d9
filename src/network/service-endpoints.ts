// Pure: from Services and EndpointSlices to what a packet must know: addresses, ports and where to.
import { isIPv4 } from 'node:net'
import type { Service, ServicePort } from '#kinds/k8s/core.ts'
import type { Endpoint, EndpointSlice } from '#kinds/k8s/discovery.ts'

export type Protocol = 'TCP' | 'UDP'

export interface Backend {
  address: string
  port: number
  /** Node the pod runs on; undefined for addresses outside the cluster's machines. */
  node: string | undefined
}

/** A backend as the slices tell of it. */
export interface RouteEndpoint extends Backend {
  isReady: boolean
  /** It still answers, though it ends and takes nothing new if that can be helped. */
  isLeaving: boolean
  /** Zones and nodes whose traffic it should take; undefined where nothing is said. */
  zones: string[] | undefined
  nodes: string[] | undefined
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
  externalAddresses: string[]
  /** Port on every machine. */
  nodePort: number | undefined
  /** Blocks from which the balancer's addresses may be called; empty for everywhere. */
  sourceRanges: string[]
  /** Traffic from pods, or from outside the cluster, goes to pods of the same machine alone. */
  isLocalInside: boolean
  isLocalOutside: boolean
  /** How long a client stays with the backend it had; undefined: each connection is on its own. */
  affinitySeconds: number | undefined
  /** Sorted, so that equal states give equal rules. */
  endpoints: RouteEndpoint[]
  /** Of the endpoints those that take new connections, wherever they are. */
  backends: Backend[]
}

/** Only what nft reads as one address: a status or a slice may hold anything users wrote. */
const isAddress = (text: string | undefined): text is string => text !== undefined && isIPv4(text)

const isBlock = (text: string): boolean => {
  const [, address, bits] = /^([\d.]+)\/(\d{1,2})$/.exec(text) ?? []
  return isAddress(address) && Number(bits) <= 32
}

const isPort = (port: unknown): port is number =>
  typeof port === 'number' && Number.isInteger(port) && port >= 1 && port <= 65_535

/**
 * Ready endpoints take new connections; when there is none, those that still serve while they
 * terminate do (KEP-1669), so that the last instance's end loses no request.
 */
export function usable(endpoints: readonly RouteEndpoint[]): RouteEndpoint[] {
  const ready = endpoints.filter(({ isReady }) => isReady)
  return ready.length > 0 ? ready : endpoints.filter(({ isLeaving }) => isLeaving)
}

function routeEndpoint(endpoint: Endpoint, address: string, port: number): RouteEndpoint {
  const { conditions, hints, nodeName } = endpoint
  return {
    address,
    port,
    node: nodeName,
    isReady: conditions?.ready !== false,
    isLeaving: conditions?.serving === true && conditions.terminating === true,
    zones: hints?.forZones?.map(({ name }) => name),
    nodes: hints?.forNodes?.map(({ name }) => name),
  }
}

const placeOf = ({ address, port }: Backend) => `${address}:${port}`

function endpointsOf(
  slices: readonly EndpointSlice[],
  portName: string,
  protocol: Protocol,
): RouteEndpoint[] {
  const byPlace = new Map<string, RouteEndpoint>()
  for (const slice of slices) {
    const port = slice.ports?.find(
      (p) => (p.name ?? '') === portName && (p.protocol ?? 'TCP') === protocol,
    )?.port
    if (!isPort(port)) continue
    for (const endpoint of slice.endpoints ?? [])
      for (const address of endpoint.addresses.filter(isAddress)) {
        const found = routeEndpoint(endpoint, address, port)
        // While an endpoint moves between slices it is in two: the one that takes traffic counts.
        const before = byPlace.get(placeOf(found))
        if (before === undefined || (found.isReady && !before.isReady))
          byPlace.set(placeOf(found), found)
      }
  }
  return [...byPlace.entries()]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([, endpoint]) => endpoint)
}

/** What holds for all ports of a service. */
function commonOf({ spec, status, metadata }: Service) {
  const isBalanced = spec.type === 'LoadBalancer'
  const ingress = isBalanced ? (status?.loadBalancer?.ingress ?? []) : []
  const isClientBound = spec.sessionAffinity === 'ClientIP'
  return {
    service: `${metadata.namespace}/${metadata.name}`,
    clusterAddresses: (spec.clusterIPs ?? [spec.clusterIP ?? '']).filter(isAddress),
    balancerAddresses: ingress.map(({ ip }) => ip).filter(isAddress),
    externalAddresses: (spec.externalIPs ?? []).filter(isAddress),
    sourceRanges: isBalanced
      ? (spec.loadBalancerSourceRanges ?? []).map((block) => block.trim()).filter(isBlock)
      : [],
    isLocalInside: spec.internalTrafficPolicy === 'Local',
    isLocalOutside: spec.externalTrafficPolicy === 'Local',
    affinitySeconds: isClientBound
      ? (spec.sessionAffinityConfig?.clientIP?.timeoutSeconds ?? AFFINITY_SECONDS)
      : undefined,
  }
}

const AFFINITY_SECONDS = 10_800

/** Routes of all ports of all services with an address, sorted by id. */
export function serviceRoutes(
  services: readonly Service[],
  slicesOf: (service: Service) => EndpointSlice[],
): ServicePortRoute[] {
  return services.flatMap(routesOf).toSorted((a, b) => (a.id < b.id ? -1 : 1))

  function routesOf(service: Service): ServicePortRoute[] {
    const { spec } = service
    if (spec.type === 'ExternalName') return []
    const common = commonOf(service)
    const { clusterAddresses, balancerAddresses, externalAddresses } = common
    if (clusterAddresses.length + balancerAddresses.length + externalAddresses.length === 0)
      return []
    const hasNodePorts = spec.type === 'NodePort' || spec.type === 'LoadBalancer'
    const slices = slicesOf(service).filter((slice) => slice.addressType === 'IPv4')
    return (spec.ports ?? []).flatMap((port: ServicePort) => {
      const protocol = port.protocol ?? 'TCP'
      // SCTP needs a kernel module that few machines have; such ports get no address.
      if (protocol === 'SCTP') return []
      const endpoints = endpointsOf(slices, port.name ?? '', protocol)
      return {
        ...common,
        id: `${common.service}:${port.port}/${protocol}`,
        protocol,
        port: port.port,
        nodePort: hasNodePorts && isPort(port.nodePort) ? port.nodePort : undefined,
        endpoints,
        backends: usable(endpoints).map(({ address, port: at, node }) => ({
          address,
          port: at,
          node,
        })),
      }
    })
  }
}
