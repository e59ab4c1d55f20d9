// Containers of a pod: init containers, containers, and those added for debugging.
import type { FieldError } from '../definition.ts'
import type { Container, ContainerPort, EphemeralContainer } from '../k8s/core.ts'
import { checkDnsLabel, checkPortName } from '../names.ts'
import { validateEnvironment, validateEnvironmentFrom } from './environment.ts'
import { duplicate, forbidden, invalid, invalidEach, oneOf, required } from './field-error.ts'
import { validatePortNumber, validateProtocol } from './ports.ts'
import { type LifecyclePlace, validateLifecycle } from './lifecycle.ts'
import { type ProbeUse, validateProbe } from './probe.ts'
import { validateRestartPolicy } from './restart-policy.ts'
import { validateResources } from './resources.ts'
import { validateSecurityContext } from './security-context.ts'
import { validateVolumeMounts } from './volume-mount.ts'

const PULL_POLICIES = ['Always', 'IfNotPresent', 'Never']
const MESSAGE_POLICIES = ['File', 'FallbackToLogsOnError']
const PROBES = ['livenessProbe', 'readinessProbe', 'startupProbe'] as const satisfies ProbeUse[]

export interface ContainerPlace extends LifecyclePlace {
  volumeNames: ReadonlySet<string>
  hostNetwork: boolean
}

/** All containers of a pod; their names are unique together. */
export function validateContainers(
  { init, main }: { init: readonly Container[]; main: readonly Container[] },
  field: string,
  place: ContainerPlace,
): FieldError[] {
  const names = new Set<string>()
  const check = (container: Container, at: string, isInit: boolean): FieldError[] => [
    ...validateName(container.name, `${at}.name`, names),
    ...validateImage(container.image, `${at}.image`),
    ...validateContainer(container, at, place),
    ...(isInit ? validateInit(container, at) : []),
  ]
  const errors = main.flatMap((container, index) =>
    check(container, `${field}.containers[${index}]`, false),
  )
  if (main.length === 0) errors.push(required(`${field}.containers`))
  errors.push(...validateHostPorts(main, `${field}.containers`))
  return [
    ...errors,
    ...init.flatMap((container, index) =>
      check(container, `${field}.initContainers[${index}]`, true),
    ),
  ]
}

function validateName(name: string, field: string, names: Set<string>): FieldError[] {
  if (!name) return [required(field)]
  const errors = invalidEach(field, name, checkDnsLabel(name))
  if (names.has(name)) errors.push(duplicate(field, name))
  names.add(name)
  return errors
}

export function validateImage(image: string | undefined, field: string): FieldError[] {
  if (!image) return [required(field)]
  return image === image.trim()
    ? []
    : [invalid(field, image, 'must not have leading or trailing whitespace')]
}

/** Containers that run to completion before the others are neither probed nor hooked. */
function validateInit(container: Container, field: string): FieldError[] {
  const { restartPolicy, lifecycle } = container
  if (restartPolicy === 'Always') return []
  const errors: FieldError[] = []
  const detail = 'may not be set for init containers without restartPolicy=Always'
  if (lifecycle !== undefined) errors.push(forbidden(`${field}.lifecycle`, detail))
  for (const probe of PROBES)
    if (container[probe] !== undefined) errors.push(forbidden(`${field}.${probe}`, detail))
  return errors
}

function validateContainer(
  container: Container,
  field: string,
  place: ContainerPlace,
): FieldError[] {
  const errors = validateLifecycle(container.lifecycle, `${field}.lifecycle`, place)
  for (const probe of PROBES)
    if (container[probe] !== undefined)
      errors.push(...validateProbe(container[probe], `${field}.${probe}`, probe))
  return [
    ...errors,
    ...validateCommon(container, field, place),
    ...validateRestartPolicy(container, field),
  ]
}

/** What holds for every container, also one that was added to look into a pod. */
export function validateCommon(
  container: Container | EphemeralContainer,
  field: string,
  place: ContainerPlace,
): FieldError[] {
  const { terminationMessagePolicy, imagePullPolicy } = container
  return [
    ...oneOf(`${field}.terminationMessagePolicy`, terminationMessagePolicy, MESSAGE_POLICIES),
    ...validatePorts(container.ports ?? [], `${field}.ports`, place.hostNetwork),
    ...validateEnvironment(container.env ?? [], `${field}.env`),
    ...validateEnvironmentFrom(container.envFrom ?? [], `${field}.envFrom`),
    ...validateVolumeMounts(container, `${field}.volumeMounts`, place.volumeNames),
    ...oneOf(`${field}.imagePullPolicy`, imagePullPolicy, PULL_POLICIES),
    ...validateResources(container.resources ?? {}, `${field}.resources`),
    ...validateSecurityContext(container.securityContext, `${field}.securityContext`),
  ]
}

function validatePorts(
  ports: readonly ContainerPort[],
  field: string,
  hostNetwork: boolean,
): FieldError[] {
  const names = new Set<string>()
  return ports.flatMap((port, index) => {
    const at = `${field}[${index}]`
    const errors: FieldError[] = []
    if (port.name) {
      errors.push(...invalidEach(`${at}.name`, port.name, checkPortName(port.name)))
      if (names.has(port.name)) errors.push(duplicate(`${at}.name`, port.name))
      names.add(port.name)
    }
    if (!port.containerPort) errors.push(required(`${at}.containerPort`))
    else errors.push(...validatePortNumber(`${at}.containerPort`, port.containerPort))
    if (port.hostPort) errors.push(...validatePortNumber(`${at}.hostPort`, port.hostPort))
    // A template may leave it to its pods.
    if (hostNetwork && port.hostPort && port.hostPort !== port.containerPort)
      errors.push(
        invalid(
          `${at}.hostPort`,
          port.hostPort,
          'must match `containerPort` when `hostNetwork` is true',
        ),
      )
    return [...errors, ...validateProtocol(`${at}.protocol`, port.protocol)]
  })
}

function validateHostPorts(containers: readonly Container[], field: string): FieldError[] {
  const taken = new Set<string>()
  const errors: FieldError[] = []
  for (const [index, { ports = [] }] of containers.entries())
    for (const [portIndex, { hostPort, protocol, hostIP = '' }] of ports.entries()) {
      if (!hostPort) continue
      const key = `${protocol}/${hostIP}/${hostPort}`
      if (taken.has(key))
        errors.push(duplicate(`${field}[${index}].ports[${portIndex}].hostPort`, key))
      taken.add(key)
    }
  return errors
}
