// Values of the downward API: fields of the pod itself and resources of its containers.
import { milliOf, parseQuantity, wholeOf } from '#kinds/quantity.ts'
import type { Container, Pod, ResourceFieldSelector } from '#kinds/k8s/core.ts'
import type { Quantity } from '#kinds/object.ts'
import { ConfigError } from './config-error.ts'

/** What is known beside the pod's object, because its status is written later. */
export interface PodAddresses {
  hostAddresses: readonly string[]
  podAddresses: readonly string[]
}

/** Go's %q for the characters that occur in labels and annotations. */
const quoted = (text: string): string => JSON.stringify(text)

function lines(map: Record<string, string> | undefined): string {
  return Object.entries(map ?? {})
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => `${key}=${quoted(value)}`)
    .join('\n')
}

const SUBSCRIPT = /^metadata\.(labels|annotations)\['(.*)'\]$/

const FIELDS: Readonly<Record<string, (pod: Pod, addresses: PodAddresses) => string>> = {
  'metadata.name': ({ metadata }) => metadata.name,
  'metadata.namespace': ({ metadata }) => metadata.namespace ?? '',
  'metadata.uid': ({ metadata }) => metadata.uid ?? '',
  'metadata.labels': ({ metadata }) => lines(metadata.labels),
  'metadata.annotations': ({ metadata }) => lines(metadata.annotations),
  'spec.nodeName': ({ spec }) => spec.nodeName ?? '',
  'spec.serviceAccountName': ({ spec }) => spec.serviceAccountName ?? '',
  'status.hostIP': (_, { hostAddresses }) => hostAddresses[0] ?? '',
  'status.hostIPs': (_, { hostAddresses }) => hostAddresses.join(','),
  'status.podIP': (_, { podAddresses }) => podAddresses[0] ?? '',
  'status.podIPs': (_, { podAddresses }) => podAddresses.join(','),
}

export function fieldValue(pod: Pod, fieldPath: string, addresses: PodAddresses): string {
  const [, map, key] = SUBSCRIPT.exec(fieldPath) ?? []
  if (key !== undefined) return pod.metadata[map as 'labels' | 'annotations']?.[key] ?? ''
  const field = Object.hasOwn(FIELDS, fieldPath) ? FIELDS[fieldPath] : undefined
  if (field === undefined) throw new ConfigError(`unsupported fieldPath: ${fieldPath}`)
  return field(pod, addresses)
}

export interface ResourceScope {
  containers: readonly Container[]
  /** The container that asks, where it may leave out its name. */
  container?: Container
  /** What a container without a limit may use. */
  allocatable: Readonly<Record<string, Quantity>>
}

export function resourceValue(selector: ResourceFieldSelector, scope: ResourceScope): string {
  const { containerName, resource, divisor } = selector
  const container =
    containerName === undefined || containerName === ''
      ? scope.container
      : scope.containers.find(({ name }) => name === containerName)
  if (container === undefined) throw new ConfigError(`container ${containerName} not found`)
  const [list = '', ...rest] = resource.split('.')
  const name = rest.join('.')
  if (list !== 'limits' && list !== 'requests')
    throw new ConfigError(`unsupported container resource : ${resource}`)
  const own = container.resources?.[list]?.[name]
  const quantity = own ?? (list === 'limits' ? scope.allocatable[name] : undefined) ?? '0'
  return String(dividedUp(quantity, divisor, name))
}

function dividedUp(quantity: Quantity, divisor: Quantity | undefined, resource: string): number {
  const unset = divisor === undefined || parseQuantity(divisor).nanos === 0n
  // CPU counts in thousandths, all else in whole units; both round up.
  const count = resource === 'cpu' ? milliOf : wholeOf
  return Math.ceil(count(quantity) / count(unset ? '1' : divisor))
}
