// Containers of a pod: what one of them says twice, and ports that several of them claim.
import type { Container, ContainerPort, EphemeralContainer, EnvVar, PodSpec } from '../k8s/core.ts'
import type { Metadata, Quantity } from '../object.ts'
import { fractionWarnings } from './storage.ts'

/** A container and the path that leads to it. */
type Place = readonly [container: Container | EphemeralContainer, field: string]

const LISTS = ['initContainers', 'containers', 'ephemeralContainers'] as const
/** Of which there is no half. */
const BYTES = ['memory', 'ephemeral-storage']
const SECCOMP_PREFIX = 'container.seccomp.security.alpha.kubernetes.io/'
const APPARMOR_PREFIX = 'container.apparmor.security.beta.kubernetes.io/'

export const placesOf = (spec: PodSpec, field: string): Place[] =>
  LISTS.flatMap((list) =>
    (spec[list] ?? []).map((container, index): Place => [container, `${field}.${list}[${index}]`]),
  )

export const byteWarnings = (
  amounts: Readonly<Record<string, Quantity>> | undefined,
  field: string,
): string[] => BYTES.flatMap((name) => fractionWarnings(`${field}[${name}]`, amounts?.[name]))

function resourceWarnings({ resources }: Container | EphemeralContainer, at: string): string[] {
  return BYTES.flatMap((name) =>
    (['limits', 'requests'] as const).flatMap((kind) =>
      fractionWarnings(`${at}.resources.${kind}[${name}]`, resources?.[kind]?.[name]),
    ),
  )
}

/** A variable may be defined anew out of its former value, not otherwise. */
function environmentWarnings(env: readonly EnvVar[], field: string): string[] {
  const names = new Set<string>()
  return env.flatMap(({ name, value = '', valueFrom }, index) => {
    const isNew = !names.has(name)
    names.add(name)
    const former = `$(${name})`
    const isOut = valueFrom === undefined && value !== former && value.includes(former)
    return isNew || isOut
      ? []
      : [
          `${field}[${index}]: hides previous definition of ${JSON.stringify(name)}, which may be dropped when using apply`,
        ]
  })
}

export interface AnnotationPlace {
  metadata: Pick<Metadata, 'annotations'> | undefined
  /** "spec.template.", "" of a pod itself. */
  prefix: string
}

/** Annotations that were fields before the fields came, while the fields are not set. */
function annotationWarnings(
  { name, securityContext }: Container | EphemeralContainer,
  spec: PodSpec,
  { metadata, prefix }: AnnotationPlace,
): string[] {
  const warnings: string[] = []
  const tell = (key: string, why: string): void => {
    if (metadata?.annotations?.[key] !== undefined)
      warnings.push(`${prefix}metadata.annotations[${key}]: ${why}`)
  }
  if (securityContext?.seccompProfile === undefined)
    tell(SECCOMP_PREFIX + name, 'non-functional in v1.27+; use the "seccompProfile" field instead')
  const profile =
    spec.securityContext?.appArmorProfile ?? securityContext?.appArmorProfile ?? undefined
  if (profile === undefined)
    tell(APPARMOR_PREFIX + name, 'deprecated since v1.30; use the "appArmorProfile" field instead')
  return warnings
}

export function containerWarnings(spec: PodSpec, place: AnnotationPlace): string[] {
  return placesOf(spec, `${place.prefix}spec`).flatMap(([container, at]) => [
    ...annotationWarnings(container, spec, place),
    ...resourceWarnings(container, at),
    ...environmentWarnings(container.env ?? [], `${at}.env`),
  ])
}

/** As Kubernetes prints the struct. */
const printed = ({
  name = '',
  hostPort = 0,
  containerPort,
  protocol,
  hostIP = '',
}: ContainerPort) =>
  `{Name:${name} HostPort:${hostPort} ContainerPort:${containerPort} Protocol:${protocol ?? ''} HostIP:${hostIP}}`

function clash(port: ContainerPort, other: ContainerPort): string | undefined {
  const [hostPort, otherPort] = [port.hostPort ?? 0, other.hostPort ?? 0]
  const [hostIP, otherIP] = [port.hostIP ?? '', other.hostIP ?? '']
  if (hostIP === otherIP && hostPort === otherPort) return 'duplicate'
  if (hostPort === 0 || otherPort === 0) return 'overlapping'
  const isAmbiguous = hostPort === otherPort && (hostIP === '') !== (otherIP === '')
  return isAmbiguous ? 'dangerously ambiguous' : undefined
}

/** Ports of all containers of the pod: they share its address. */
export function portWarnings(spec: PodSpec, field: string): string[] {
  const warnings: string[] = []
  const taken = new Map<string, { port: ContainerPort; at: string }[]>()
  for (const [{ ports = [] }, place] of placesOf(spec, field))
    for (const [index, port] of ports.entries()) {
      const at = `${place}.ports[${index}]`
      if (port.hostIP && !port.hostPort)
        warnings.push(`${at}: hostIP set without hostPort: ${printed(port)}`)
      const key = `${port.containerPort}/${port.protocol}`
      const others = taken.get(key) ?? []
      for (const other of others) {
        const how = clash(port, other.port)
        if (how !== undefined) warnings.push(`${at}: ${how} port definition with ${other.at}`)
      }
      taken.set(key, [...others, { port, at }])
    }
  return warnings
}
