// Where a Service leads: one of its ready endpoints, for a port of the Service.
import type { Random } from '#base/random.ts'
import { notFound, StatusError } from '#base/errors.ts'
import type { Endpoints, Service } from '#kinds/k8s/core.ts'
import type { EndpointSlice } from '#kinds/k8s/discovery.ts'
import type { KubeObject } from '#kinds/object.ts'
import type { ObjectStorage } from '../objects/object-storage.ts'
import { keyFor, prefixFor } from '../resources.ts'
import { isReachableAddress } from './reachable-address.ts'

export interface Backend {
  address: string
  port: number
  /** The pod behind the address, where the endpoint names one. */
  pod: string | undefined
}

export interface ServiceReader {
  objects: ObjectStorage
  random: Random
}

export interface ServicePlace {
  namespace: string
  name: string
}

const serviceKind = { prefix: prefixFor('', 'services') }
const endpointsKind = { prefix: prefixFor('', 'endpoints') }
const slicesPrefix = prefixFor('discovery.k8s.io', 'endpointslices')

export function findService(objects: ObjectStorage, { namespace, name }: ServicePlace): Service {
  const stored = objects.get(keyFor(serviceKind, namespace, name))
  if (stored === undefined)
    // A lister of Kubernetes names what it looked for in the singular.
    throw notFound({ group: '', resource: 'service' }, name)
  return stored.object as Service
}

/**
 * A ready backend for the port number of a Service: how webhooks and aggregated servers are found.
 * Throws what Kubernetes says where there is none.
 */
export function backendOfService(
  { objects, random }: ServiceReader,
  { namespace, name, port }: ServicePlace & { port: number },
): Backend {
  const service = findService(objects, { namespace, name })
  const portName = portNameOf(service, port)
  const { type = 'ClusterIP' } = service.spec
  if (type === 'ExternalName') throw new Error(`unsupported service type "${type}"`)
  const backends = backendsOf(objects, { namespace, name }, portName)
  if (backends.length === 0) throw noEndpoints(name)
  return pickOf(backends, random)!
}

/** Endpoints know the ports of a Service by name. */
export function portNameOf({ metadata, spec }: Service, port: number): string {
  const found = spec.ports?.find((one) => one.port === port)
  if (found === undefined)
    throw unavailable(`no service port ${port} found for service "${metadata.name}"`)
  return found.name ?? ''
}

const unavailable = (message: string) => new StatusError('ServiceUnavailable', message)
export const noEndpoints = (name: string) =>
  unavailable(`no endpoints available for service "${name}"`)

/** Every ready backend for a port's name; none that nobody may connect to. */
export function backendsOf(
  objects: ObjectStorage,
  { namespace, name }: ServicePlace,
  portName: string,
): Backend[] {
  const slices = slicesOf(objects, { namespace, name })
  const all =
    slices.length > 0
      ? slices.flatMap((slice) => ofSlice(slice, portName))
      : ofEndpoints(objects.get(keyFor(endpointsKind, namespace, name))?.object, portName)
  return all.filter(({ address }) => isReachableAddress(address))
}

/** The EndpointSlices of a Service. */
export const slicesOf = (
  objects: ObjectStorage,
  { namespace, name }: ServicePlace,
): EndpointSlice[] =>
  objects
    .list(`${slicesPrefix}${namespace}/`)
    .map(({ object }) => object as EndpointSlice)
    .filter(isOfService(name))

const isOfService =
  (name: string) =>
  ({ metadata }: KubeObject): boolean =>
    metadata.labels?.['kubernetes.io/service-name'] === name

function ofSlice({ endpoints, ports }: EndpointSlice, portName: string): Backend[] {
  const port = ports?.find((one) => (one.name ?? '') === portName)?.port
  if (port === undefined || port === null) return []
  return (endpoints ?? [])
    .filter(({ conditions }) => conditions?.ready !== false)
    .flatMap(({ addresses, targetRef }) =>
      addresses.slice(0, 1).map((address) => ({ address, port, pod: podOf(targetRef) })),
    )
}

/** Of a Service without slices: its Endpoints, which users may still write themselves. */
function ofEndpoints(object: KubeObject | undefined, portName: string): Backend[] {
  return ((object as Endpoints | undefined)?.subsets ?? []).flatMap(({ addresses, ports }) => {
    const port = ports?.find((one) => (one.name ?? '') === portName)?.port
    if (port === undefined) return []
    return (addresses ?? []).map(({ ip, targetRef }) => ({
      address: ip,
      port,
      pod: podOf(targetRef),
    }))
  })
}

const podOf = (target: { kind?: string | undefined; name?: string | undefined } | undefined) =>
  target?.kind === 'Pod' ? target.name : undefined

/** One of them by chance; undefined of none. */
export const pickOf = <T>(list: readonly T[], random: Random): T | undefined =>
  list[Math.floor(random.next() * list.length)]
