// The spec of a Service, after defaulting.
import type { FieldError } from '../definition.ts'
import type { ServicePort, ServiceSpec } from '../k8s/core.ts'
import { checkDnsLabel, checkDnsSubdomain, checkQualifiedName } from '../names.ts'
import {
  isExternalName,
  isHeadless,
  isReachedFromOutside,
  needsHealthCheck,
} from '../service-fields.ts'
import { duplicate, forbidden, invalid, invalidEach, oneOf, required } from './field-error.ts'
import { validateLabels } from './object-meta.ts'
import { validatePortNumber, validatePortNumberOrName, validateProtocol } from './ports.ts'
import { validateAddressUpdate, validateServiceAddresses } from './service-addresses.ts'

const TYPES = ['ClusterIP', 'ExternalName', 'LoadBalancer', 'NodePort']
const AFFINITIES = ['ClientIP', 'None']
const TRAFFIC_POLICIES = ['Cluster', 'Local']
const DISTRIBUTIONS = ['PreferClose', 'PreferSameNode', 'PreferSameZone']
const AFFINITY_SECONDS_MAX = 86_400
const CLASS_FIELD = 'spec.loadBalancerClass'
const NO_HEALTH_CHECK =
  "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'"
const KUBELET_PORT = 10_250
const KUBELET_PORT_IN_USE = `may not expose port ${KUBELET_PORT} externally since it is used by kubelet`

export function validateServiceSpec(spec: ServiceSpec): FieldError[] {
  const ports = spec.ports ?? []
  const errors: FieldError[] = []
  if (ports.length === 0 && !isHeadless(spec) && !isExternalName(spec))
    errors.push(required('spec.ports'))
  return [
    ...errors,
    ...validateExternalName(spec),
    ...validatePorts(spec, ports),
    ...validateLabels(spec.selector, 'spec.selector'),
    ...oneOf('spec.sessionAffinity', spec.sessionAffinity, AFFINITIES),
    ...validateAffinity(spec),
    ...validateServiceAddresses(spec),
    ...oneOf('spec.type', spec.type, TYPES),
    ...validateLoadBalancer(spec),
    ...validateTrafficPolicies(spec),
    ...oneOf('spec.trafficDistribution', spec.trafficDistribution, DISTRIBUTIONS),
  ]
}

function validateExternalName(spec: ServiceSpec): FieldError[] {
  if (!isExternalName(spec)) return []
  if (!spec.externalName) return [required('spec.externalName')]
  const host = spec.externalName.replace(/\.$/, '')
  return invalidEach('spec.externalName', spec.externalName, checkDnsSubdomain(host))
}

/** Duplicates are told by the fields of Kubernetes' internal type. */
const identityOf = ({ protocol, port }: ServicePort) => ({
  Name: '',
  Protocol: protocol,
  AppProtocol: null,
  Port: port,
  TargetPort: 0,
  NodePort: 0,
})

function validatePorts(spec: ServiceSpec, ports: readonly ServicePort[]): FieldError[] {
  const names = new Set<string>()
  const errors = ports.flatMap((port, index) =>
    validatePort(port, `spec.ports[${index}]`, { names, isNamed: ports.length > 1 }),
  )
  const seen = new Set<string>()
  const nodePorts = new Set<string>()
  for (const [index, port] of ports.entries()) {
    const at = `spec.ports[${index}]`
    const identity = `${port.protocol} ${port.port}`
    if (seen.has(identity)) errors.push(duplicate(at, identityOf(port)))
    seen.add(identity)
    if (!port.nodePort) continue
    if (spec.type === 'ClusterIP')
      errors.push(forbidden(`${at}.nodePort`, "may not be used when `type` is 'ClusterIP'"))
    const nodePort = `${port.protocol} ${port.nodePort}`
    if (nodePorts.has(nodePort)) errors.push(duplicate(`${at}.nodePort`, port.nodePort))
    nodePorts.add(nodePort)
  }
  return errors
}

function validatePort(
  port: ServicePort,
  field: string,
  { names, isNamed }: { names: Set<string>; isNamed: boolean },
): FieldError[] {
  const errors: FieldError[] = []
  if (port.name) {
    errors.push(...invalidEach(`${field}.name`, port.name, checkDnsLabel(port.name)))
    if (names.has(port.name)) errors.push(duplicate(`${field}.name`, port.name))
    names.add(port.name)
  } else if (isNamed) errors.push(required(`${field}.name`))
  errors.push(
    ...validatePortNumber(`${field}.port`, port.port ?? 0),
    ...validateProtocol(`${field}.protocol`, port.protocol),
    ...validatePortNumberOrName(`${field}.targetPort`, port.targetPort ?? port.port ?? 0),
  )
  const { appProtocol } = port
  if (appProtocol)
    errors.push(
      ...invalidEach(`${field}.appProtocol`, appProtocol, checkQualifiedName(appProtocol)),
    )
  return errors
}

function validateAffinity({ sessionAffinity, sessionAffinityConfig }: ServiceSpec): FieldError[] {
  const field = 'spec.sessionAffinityConfig'
  if (sessionAffinity === 'None' && sessionAffinityConfig !== undefined)
    return [forbidden(field, 'must not be set when session affinity is None')]
  const seconds = sessionAffinityConfig?.clientIP?.timeoutSeconds
  if (sessionAffinity !== 'ClientIP' || seconds === undefined) return []
  if (seconds > 0 && seconds <= AFFINITY_SECONDS_MAX) return []
  return [
    invalid(
      `${field}.clientIP.timeoutSeconds`,
      seconds,
      `must be greater than 0 and less than ${AFFINITY_SECONDS_MAX}`,
    ),
  ]
}

function validateTrafficPolicies(spec: ServiceSpec): FieldError[] {
  const { externalTrafficPolicy, internalTrafficPolicy, healthCheckNodePort } = spec
  const errors: FieldError[] = []
  if (isReachedFromOutside(spec))
    errors.push(...oneOf('spec.externalTrafficPolicy', externalTrafficPolicy, TRAFFIC_POLICIES))
  else if (externalTrafficPolicy)
    errors.push(
      invalid(
        'spec.externalTrafficPolicy',
        externalTrafficPolicy,
        'may only be set for externally-accessible services',
      ),
    )
  if (healthCheckNodePort !== undefined)
    errors.push(
      ...(needsHealthCheck(spec)
        ? validatePortNumber('spec.healthCheckNodePort', healthCheckNodePort)
        : [invalid('spec.healthCheckNodePort', healthCheckNodePort, NO_HEALTH_CHECK)]),
    )
  return [
    ...errors,
    ...oneOf('spec.internalTrafficPolicy', internalTrafficPolicy, TRAFFIC_POLICIES),
  ]
}

function validateLoadBalancer(spec: ServiceSpec): FieldError[] {
  const { loadBalancerClass, ports = [] } = spec
  if (spec.type === 'LoadBalancer')
    return [
      ...ports.flatMap(({ port }, index) =>
        port === KUBELET_PORT ? [invalid(`spec.ports[${index}]`, port, KUBELET_PORT_IN_USE)] : [],
      ),
      ...(loadBalancerClass === undefined
        ? []
        : invalidEach(CLASS_FIELD, loadBalancerClass, checkQualifiedName(loadBalancerClass))),
    ]
  const errors: FieldError[] = []
  for (const key of ['allocateLoadBalancerNodePorts', 'loadBalancerClass'] as const)
    if (spec[key] !== undefined)
      errors.push(forbidden(`spec.${key}`, "may only be used when `type` is 'LoadBalancer'"))
  return errors
}

export function validateServiceUpdate(spec: ServiceSpec, old: ServiceSpec): FieldError[] {
  const errors = validateAddressUpdate(spec, old)
  const isBalanced = spec.type === 'LoadBalancer' && old.type === 'LoadBalancer'
  if (isBalanced && spec.loadBalancerClass !== old.loadBalancerClass)
    errors.push(invalid(CLASS_FIELD, spec.loadBalancerClass ?? null, 'may not change once set'))
  return errors
}
