// The spec of a Service, after defaulting.
import { isIP } from 'node:net'
import type { FieldError } from '../definition.ts'
import type { ServicePort, ServiceSpec } from '../k8s/core.ts'
import { checkDnsLabel, checkDnsSubdomain, checkQualifiedName } from '../names.ts'
import {
  HEADLESS,
  hasNodePorts,
  isExternalName,
  isHeadless,
  isReachedFromOutside,
} from '../service-fields.ts'
import { duplicate, forbidden, invalid, invalidEach, oneOf, required } from './field-error.ts'
import { validateLabels } from './object-meta.ts'
import { validatePortNumber, validatePortNumberOrName, validateProtocol } from './ports.ts'

const TYPES = ['ClusterIP', 'ExternalName', 'LoadBalancer', 'NodePort']
const AFFINITIES = ['ClientIP', 'None']
const TRAFFIC_POLICIES = ['Cluster', 'Local']
const AFFINITY_SECONDS_MAX = 86_400
const NOT_AN_ADDRESS = 'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)'

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
    ...validateAffinityTimeout(spec),
    ...validateClusterIPs(spec),
    ...(spec.externalIPs ?? []).flatMap((address, index) =>
      isIP(address) === 0 ? [invalid(`spec.externalIPs[${index}]`, address, NOT_AN_ADDRESS)] : [],
    ),
    ...oneOf('spec.type', spec.type, TYPES),
    ...validateTrafficPolicies(spec),
    ...validateLoadBalancer(spec),
  ]
}

function validateExternalName(spec: ServiceSpec): FieldError[] {
  if (!isExternalName(spec)) return []
  const errors: FieldError[] = []
  if (spec.clusterIPs?.length)
    errors.push(forbidden('spec.clusterIPs', 'may not be set for ExternalName services'))
  if (!spec.externalName) return [...errors, required('spec.externalName')]
  const host = spec.externalName.replace(/\.$/, '')
  return [
    ...errors,
    ...invalidEach('spec.externalName', spec.externalName, checkDnsSubdomain(host)),
  ]
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
    if (!hasNodePorts(spec))
      errors.push(
        forbidden(`${at}.nodePort`, `may not be used when \`type\` is '${spec.type ?? ''}'`),
      )
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
    ...validatePortNumber(`${field}.port`, port.port),
    ...validateProtocol(`${field}.protocol`, port.protocol),
    ...validatePortNumberOrName(`${field}.targetPort`, port.targetPort ?? port.port),
  )
  const { appProtocol } = port
  if (appProtocol)
    errors.push(
      ...invalidEach(`${field}.appProtocol`, appProtocol, checkQualifiedName(appProtocol)),
    )
  return errors
}

function validateAffinityTimeout({ sessionAffinity, sessionAffinityConfig }: ServiceSpec) {
  const seconds = sessionAffinityConfig?.clientIP?.timeoutSeconds
  if (sessionAffinity !== 'ClientIP' || seconds === undefined) return []
  if (seconds > 0 && seconds <= AFFINITY_SECONDS_MAX) return []
  return [
    invalid(
      'spec.sessionAffinityConfig.clientIP.timeoutSeconds',
      seconds,
      `must be greater than 0 and less than ${AFFINITY_SECONDS_MAX}`,
    ),
  ]
}

function validateClusterIPs({ clusterIP, clusterIPs = [] }: ServiceSpec): FieldError[] {
  const errors: FieldError[] = []
  if (clusterIPs.length > 0 && clusterIP !== clusterIPs[0])
    errors.push(invalid('spec.clusterIPs', clusterIPs, 'first value must match `clusterIP`'))
  for (const [index, address] of clusterIPs.entries()) {
    const at = `spec.clusterIPs[${index}]`
    if (address === HEADLESS) {
      if (clusterIPs.length > 1)
        errors.push(invalid(at, address, "'None' must be the first and only value"))
    } else if (isIP(address) === 0) errors.push(invalid(at, address, NOT_AN_ADDRESS))
  }
  return errors
}

function validateTrafficPolicies(spec: ServiceSpec): FieldError[] {
  const { externalTrafficPolicy, internalTrafficPolicy } = spec
  const errors = oneOf('spec.internalTrafficPolicy', internalTrafficPolicy, TRAFFIC_POLICIES)
  if (!externalTrafficPolicy) return errors
  if (!isReachedFromOutside(spec))
    return [
      ...errors,
      invalid(
        'spec.externalTrafficPolicy',
        externalTrafficPolicy,
        'may only be set for externally-accessible services',
      ),
    ]
  return [
    ...errors,
    ...oneOf('spec.externalTrafficPolicy', externalTrafficPolicy, TRAFFIC_POLICIES),
  ]
}

function validateLoadBalancer(spec: ServiceSpec): FieldError[] {
  if (spec.type === 'LoadBalancer') return []
  const errors: FieldError[] = []
  for (const key of ['allocateLoadBalancerNodePorts', 'loadBalancerClass'] as const)
    if (spec[key] !== undefined)
      errors.push(forbidden(`spec.${key}`, "may only be used when `type` is 'LoadBalancer'"))
  return errors
}

/** The address of a service stays while it has one. */
export function validateServiceUpdate(spec: ServiceSpec, old: ServiceSpec): FieldError[] {
  if (isExternalName(spec) || isExternalName(old)) return []
  const before = old.clusterIPs?.[0]
  if (before === undefined || spec.clusterIPs?.[0] === before) return []
  return [invalid('spec.clusterIPs[0]', spec.clusterIPs ?? null, 'may not change once set')]
}
