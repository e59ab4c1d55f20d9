// Which fields a Service of each type has, and what becomes of them when its type changes.
import type { Service, ServiceSpec } from './k8s/core.ts'
import { keepField } from './prepare.ts'

export const HEADLESS = 'None'
const AFFINITY_TIMEOUT_S = 10_800

export const isHeadless = ({ clusterIP }: ServiceSpec): boolean => clusterIP === HEADLESS
export const isExternalName = ({ type }: ServiceSpec): boolean => type === 'ExternalName'
export const hasNodePorts = ({ type }: ServiceSpec): boolean =>
  type === 'NodePort' || type === 'LoadBalancer'

/** Whether a load balancer must ask each node if it has a pod of the service. */
export const needsHealthCheck = (spec: ServiceSpec): boolean =>
  spec.type === 'LoadBalancer' && spec.externalTrafficPolicy === 'Local'

/** Whether traffic from outside the cluster is meant to reach it. */
export const isReachedFromOutside = (spec: ServiceSpec): boolean =>
  hasNodePorts(spec) || (spec.type === 'ClusterIP' && (spec.externalIPs ?? []).length > 0)

export function defaultService(service: Service): void {
  const spec = (service.spec ??= {})
  spec.type ||= 'ClusterIP'
  spec.sessionAffinity ||= 'None'
  if (spec.sessionAffinity === 'None') delete spec.sessionAffinityConfig
  if (spec.sessionAffinity === 'ClientIP') {
    const config = (spec.sessionAffinityConfig ??= {})
    config.clientIP ??= {}
    config.clientIP.timeoutSeconds ??= AFFINITY_TIMEOUT_S
  }
  for (const port of spec.ports ?? []) {
    port.protocol ||= 'TCP'
    port.targetPort ||= port.port
  }
  if (isReachedFromOutside(spec)) spec.externalTrafficPolicy ||= 'Cluster'
  if (!isExternalName(spec)) spec.internalTrafficPolicy ??= 'Cluster'
  if (spec.type === 'LoadBalancer') spec.allocateLoadBalancerNodePorts ??= true
  for (const ingress of service.status?.loadBalancer?.ingress ?? [])
    if (ingress.ip) ingress.ipMode ??= 'VIP'
  dropEmpty(spec)
}

/** Clients write "" to unset a field; Kubernetes does not show it. */
function dropEmpty(spec: ServiceSpec): void {
  if (spec.clusterIP === '') delete spec.clusterIP
  if (spec.clusterIPs?.length === 0) delete spec.clusterIPs
  if (spec.healthCheckNodePort === 0) delete spec.healthCheckNodePort
  for (const port of spec.ports ?? []) if (port.nodePort === 0) delete port.nodePort
}

const nodePortsOf = ({ ports = [] }: ServiceSpec): number[] =>
  ports.flatMap(({ nodePort }) => nodePort ?? [])

/** Ports are known by their names: whatever else changes, the one of that name keeps its node port. */
function keepNodePorts(spec: ServiceSpec, old: ServiceSpec): void {
  const given = new Set(nodePortsOf(spec))
  const taken = new Set(nodePortsOf(old).filter((port) => given.has(port)))
  const byName = new Map((old.ports ?? []).map(({ name = '', nodePort }) => [name, nodePort]))
  for (const port of spec.ports ?? []) {
    const before = byName.get(port.name ?? '')
    if (port.nodePort !== undefined || before === undefined || taken.has(before)) continue
    port.nodePort = before
    taken.add(before)
  }
}

/** A client that leaves out what the server allocated keeps it. */
export function keepAllocated(spec: ServiceSpec, old: ServiceSpec): void {
  if (!isExternalName(spec) && !isExternalName(old)) {
    if (spec.clusterIP === undefined && spec.clusterIPs === undefined) {
      keepField(spec, old, 'clusterIP')
      keepField(spec, old, 'clusterIPs')
    }
    if (spec.ipFamilies === undefined) keepField(spec, old, 'ipFamilies')
    if (spec.ipFamilyPolicy === undefined) keepField(spec, old, 'ipFamilyPolicy')
  }
  if (hasNodePorts(spec) && hasNodePorts(old)) keepNodePorts(spec, old)
  if (needsHealthCheck(spec) && needsHealthCheck(old) && !spec.healthCheckNodePort)
    keepField(spec, old, 'healthCheckNodePort')
}

/** `clusterIP` is the first of `clusterIPs`: who changes one alone changes both. */
export function syncClusterIPs(spec: ServiceSpec, old: ServiceSpec | undefined): void {
  const { clusterIP, clusterIPs } = spec
  if (clusterIP === undefined && clusterIPs === undefined) return
  if (clusterIPs === undefined) spec.clusterIPs = [clusterIP!]
  else if (clusterIP === undefined) {
    // Taking away the first address alone takes away all.
    if (old?.clusterIP !== undefined && old.clusterIPs?.[0] === clusterIPs[0])
      delete spec.clusterIPs
    else spec.clusterIP = clusterIPs[0]
  } else if (clusterIP !== clusterIPs[0]) {
    if (old !== undefined && clusterIP !== old.clusterIP && clusterIPs[0] === old.clusterIPs?.[0])
      spec.clusterIPs = [clusterIP]
    else if (old !== undefined && clusterIP === old.clusterIP) spec.clusterIP = clusterIPs[0]
  }
}

/** Takes away what only the type before had, unless the client changed it in the same write. */
export function dropFieldsOfOldType(spec: ServiceSpec, old: ServiceSpec): void {
  if (isExternalName(spec) && !isExternalName(old)) {
    dropUnchanged(spec, old, ['clusterIP', 'clusterIPs', 'ipFamilies', 'ipFamilyPolicy'])
    dropUnchanged(spec, old, ['internalTrafficPolicy'])
  }
  if (!isReachedFromOutside(spec) && isReachedFromOutside(old))
    dropUnchanged(spec, old, ['externalTrafficPolicy'])
  if (!hasNodePorts(spec) && hasNodePorts(old) && hasSameNodePorts(spec, old))
    for (const port of spec.ports ?? []) delete port.nodePort
  if (!needsHealthCheck(spec) && needsHealthCheck(old))
    dropUnchanged(spec, old, ['healthCheckNodePort'])
  if (spec.type !== 'LoadBalancer' && old.type === 'LoadBalancer')
    dropUnchanged(spec, old, ['allocateLoadBalancerNodePorts', 'loadBalancerClass'])
}

/** Whether the client asks for no node port that the service did not have before. */
function hasSameNodePorts(spec: ServiceSpec, old: ServiceSpec): boolean {
  const before = new Set(nodePortsOf(old))
  return nodePortsOf(spec).every((port) => before.has(port))
}

function dropUnchanged(
  spec: ServiceSpec,
  old: ServiceSpec,
  keys: readonly (keyof ServiceSpec)[],
): void {
  for (const key of keys)
    if (JSON.stringify(spec[key]) === JSON.stringify(old[key])) delete spec[key]
}
