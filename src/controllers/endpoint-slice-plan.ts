// The EndpointSlices of a Service: kept as they are where they fit, so that few are written. Pure.
import { isDeepStrictEqual } from 'node:util'
import type { Pod, Service } from '#kinds/k8s/core.ts'
import type { Endpoint, EndpointHints, EndpointPort, EndpointSlice } from '#kinds/k8s/discovery.ts'
import { controllerReference, isDeleting } from '#kinds/meta.ts'
import { services as serviceKind } from '#kinds/refs.ts'
import {
  addressedPods,
  endpointState,
  hasEndpoints,
  hostnameIn,
  isHeadless,
  portsIn,
  TRIGGER_TIME,
} from './service-endpoints.ts'
import { shortHash } from './short-hash.ts'

export const SERVICE_NAME = 'kubernetes.io/service-name'
export const MANAGED_BY = 'endpointslice.kubernetes.io/managed-by'
export const MANAGER = 'endpointslice-controller.k8s.io'
export const HEADLESS = 'service.kubernetes.io/headless'
/** Endpoints in one slice, as in Kubernetes. */
export const SLICE_ENDPOINTS_MAX = 100
/** Characters after a Service's name, as in names that Kubernetes generates. */
const SUFFIX_LENGTH = 5

export interface EndpointSnapshot {
  service: Service
  /** Pods of the Service's namespace, at least those it selects. */
  pods: readonly Pod[]
  zoneOf: (nodeName: string) => string | undefined
  /** Slices of this Service that this controller manages. */
  slices: readonly EndpointSlice[]
  isNameTaken: (name: string) => boolean
  /** Time of the change that this plan answers to, RFC 3339; undefined when it is not known. */
  triggerTime: string | undefined
}

export interface EndpointPlan {
  create: EndpointSlice[]
  update: EndpointSlice[]
  delete: EndpointSlice[]
}

interface PortGroup {
  ports: EndpointPort[]
  endpoints: Endpoint[]
}

export function planEndpointSlices(snapshot: EndpointSnapshot): EndpointPlan {
  const plan: EndpointPlan = { create: [], update: [], delete: [] }
  const left = new Set(snapshot.slices.filter((slice) => !isDeleting(slice)))
  const groups = portGroups(snapshot).map((group) => {
    const slices = [...left].filter((slice) => isDeepStrictEqual(slice.ports ?? [], group.ports))
    for (const slice of slices) left.delete(slice)
    return { group, slices }
  })
  for (const { group, slices } of groups) {
    // A slice of ports that nobody has any more serves a new group: one write instead of two.
    const [spare] = slices.length === 0 ? left : []
    if (spare) left.delete(spare)
    planGroup(snapshot, { group, slices: spare ? [spare] : slices }, plan)
  }
  plan.delete.push(...left)
  return plan
}

/** Endpoints by the ports they have; one group without endpoints when there are none at all. */
function portGroups(snapshot: EndpointSnapshot): PortGroup[] {
  const { service, pods } = snapshot
  if (!hasEndpoints(service)) return []
  const groups = new Map<string, PortGroup>()
  for (const pod of addressedPods(service, pods)) {
    const ports = portsIn(service, pod)
    const key = JSON.stringify(ports)
    const group = groups.get(key) ?? { ports, endpoints: [] }
    group.endpoints.push(endpointOf(snapshot, pod))
    groups.set(key, group)
  }
  if (groups.size === 0) return [{ ports: [], endpoints: [] }]
  return [...groups].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, group]) => group)
}

function endpointOf({ service, zoneOf }: EndpointSnapshot, pod: Pod): Endpoint {
  const { name, namespace, uid } = pod.metadata
  const { nodeName } = pod.spec
  const zone = nodeName === undefined ? undefined : zoneOf(nodeName)
  const hostname = hostnameIn(service, pod)
  const state = endpointState(service, pod)
  const hints = state.ready ? hintsFor(service, { nodeName, zone }) : undefined
  return {
    addresses: [pod.status?.podIP ?? ''],
    conditions: { ...state },
    ...(hints ? { hints } : {}),
    ...(hostname ? { hostname } : {}),
    ...(nodeName ? { nodeName } : {}),
    ...(zone ? { zone } : {}),
    targetRef: {
      kind: 'Pod',
      name,
      ...(namespace === undefined ? {} : { namespace }),
      ...(uid === undefined ? {} : { uid }),
    },
  }
}

/** Where traffic to an endpoint should come from, by what the Service prefers (KEP-2433, KEP-3015). */
function hintsFor(
  { spec }: Service,
  { nodeName, zone }: { nodeName: string | undefined; zone: string | undefined },
): EndpointHints | undefined {
  const forZones = zone ? { forZones: [{ name: zone }] } : undefined
  switch (spec.trafficDistribution) {
    case 'PreferClose':
    case 'PreferSameZone':
      return forZones
    case 'PreferSameNode':
      return nodeName ? { ...forZones, forNodes: [{ name: nodeName }] } : forZones
    default:
      return undefined
  }
}

const identityOf = ({ targetRef, addresses }: Endpoint): string =>
  `${targetRef?.uid ?? targetRef?.name ?? ''}/${addresses[0] ?? ''}`

const byPodName = (a: Endpoint, b: Endpoint) =>
  (a.targetRef?.name ?? '') < (b.targetRef?.name ?? '') ? -1 : 1

/**
 * Leaves each endpoint in the slice it is in, fills gaps with new ones, then makes new slices. Within a
 * slice they stand in the order of their pods' names: equal states give equal slices.
 */
function planGroup(
  snapshot: EndpointSnapshot,
  { group, slices }: { group: PortGroup; slices: readonly EndpointSlice[] },
  plan: EndpointPlan,
): void {
  const wanted = new Map(group.endpoints.map((endpoint) => [identityOf(endpoint), endpoint]))
  const kept = slices.map((slice) => {
    const endpoints: Endpoint[] = []
    for (const id of (slice.endpoints ?? []).map(identityOf)) {
      const endpoint = wanted.get(id)
      if (endpoint) endpoints.push(endpoint)
      wanted.delete(id)
    }
    return { slice, endpoints }
  })
  const rest = [...wanted.values()]
  for (const entry of kept.toSorted((a, b) => b.endpoints.length - a.endpoints.length))
    entry.endpoints.push(...rest.splice(0, SLICE_ENDPOINTS_MAX - entry.endpoints.length))
  for (const entry of kept) entry.endpoints.sort(byPodName)

  const keepsEmpty = group.endpoints.length === 0
  for (const [i, { slice, endpoints }] of kept.entries()) {
    if (endpoints.length === 0 && !(keepsEmpty && i === 0)) plan.delete.push(slice)
    else addUpdate(snapshot, { slice, endpoints, ports: group.ports }, plan)
  }
  const taken = new Set<string>()
  while (rest.length > 0 || (keepsEmpty && kept.length === 0 && taken.size === 0)) {
    const name = freeName(snapshot, group, taken)
    taken.add(name)
    plan.create.push(
      newSlice(snapshot, name, { ...group, endpoints: rest.splice(0, SLICE_ENDPOINTS_MAX) }),
    )
  }
}

function addUpdate(
  { service, triggerTime }: EndpointSnapshot,
  { slice, endpoints, ports }: { slice: EndpointSlice } & PortGroup,
  plan: EndpointPlan,
): void {
  const labels = sliceLabels(service)
  if (
    isDeepStrictEqual(slice.endpoints ?? [], endpoints) &&
    isDeepStrictEqual(slice.ports ?? [], ports) &&
    isDeepStrictEqual(slice.metadata.labels, labels)
  )
    return
  const { annotations, ...metadata } = slice.metadata
  plan.update.push({
    ...slice,
    metadata: { ...metadata, labels, ...triggerAnnotation(triggerTime, annotations) },
    endpoints,
    ports,
  })
}

/**
 * Names follow from what is in a slice, not from chance: when our picture is old and the slice is there
 * already, making it again fails instead of doubling it.
 */
function freeName(
  { service, isNameTaken }: EndpointSnapshot,
  { ports }: PortGroup,
  taken: ReadonlySet<string>,
): string {
  const { name, uid } = service.metadata
  for (let i = 0; ; i++) {
    const candidate = `${name}-${shortHash(`${uid}/${JSON.stringify(ports)}/${i}`).slice(-SUFFIX_LENGTH)}`
    if (!taken.has(candidate) && !isNameTaken(candidate)) return candidate
  }
}

/** The annotation as of this write: one that is not known now must not stay from before. */
export function triggerAnnotation(
  time: string | undefined,
  annotations: Record<string, string> = {},
): { annotations?: Record<string, string> } {
  const { [TRIGGER_TIME]: _before, ...others } = annotations
  const all = time === undefined ? others : { ...others, [TRIGGER_TIME]: time }
  return Object.keys(all).length === 0 ? {} : { annotations: all }
}

function newSlice(
  { service, triggerTime }: EndpointSnapshot,
  name: string,
  group: PortGroup,
): EndpointSlice {
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      name,
      generateName: `${service.metadata.name}-`,
      namespace: service.metadata.namespace,
      labels: sliceLabels(service),
      ...triggerAnnotation(triggerTime),
      ownerReferences: [controllerReference(service, serviceKind)],
    },
    addressType: service.spec.ipFamilies?.[0] === 'IPv6' ? 'IPv6' : 'IPv4',
    endpoints: group.endpoints,
    ports: group.ports,
  }
}

function sliceLabels(service: Service): Record<string, string> {
  const { [HEADLESS]: _headless, ...labels } = service.metadata.labels ?? {}
  return {
    ...labels,
    ...(isHeadless(service) ? { [HEADLESS]: '' } : {}),
    [SERVICE_NAME]: service.metadata.name,
    [MANAGED_BY]: MANAGER,
  }
}
