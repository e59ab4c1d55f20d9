import type { Pod, Service } from '#kinds/k8s/core.ts'
import { isDeleting } from '#kinds/meta.ts'
import { keyOf } from '#kinds/object.ts'
import { isPodReady } from '#kinds/pod-status.ts'
import { endpoints, endpointSlices, pods, services } from '#kinds/refs.ts'
import type { DurableState } from '../api/durable-state.ts'

export function unsettledEndpoints(state: DurableState): string[] {
  return state.list(services).flatMap((service) => {
    if (isDeleting(service)) return [`service ${keyOf(service)} is still being deleted`]
    if (service.spec.selector === undefined) return []
    const wanted = addressesOf(backendsOf(state, service))
    const sliced = addressesIn(slicedOf(state, service))
    const listed = addressesIn(listedOf(state, service))
    return [
      ...(sliced === wanted ? [] : [`its slices have ${sliced || 'none'}`]),
      ...(listed === wanted ? [] : [`its endpoints have ${listed || 'none'}`]),
    ].map((problem) => `service ${keyOf(service)}: ${problem} instead of ${wanted || 'none'}`)
  })
}

function backendsOf(state: DurableState, { metadata, spec }: Service): Pod[] {
  const wanted = Object.entries(spec.selector ?? {})
  return state
    .list(pods)
    .filter((pod) => pod.metadata.namespace === metadata.namespace)
    .filter((pod) => wanted.every(([key, value]) => pod.metadata.labels?.[key] === value))
    .filter((pod) => isPodReady(pod) && !isDeleting(pod))
}

const addressesIn = (addresses: readonly (string | undefined)[]): string =>
  addresses.toSorted((a = '', b = '') => (a < b ? -1 : 1)).join(' ')

const addressesOf = (backends: readonly Pod[]): string =>
  addressesIn(backends.map(({ status }) => status?.podIP))

function slicedOf(state: DurableState, { metadata }: Service): string[] {
  return state
    .list(endpointSlices)
    .filter((slice) => slice.metadata.namespace === metadata.namespace)
    .filter((slice) => slice.metadata.labels?.['kubernetes.io/service-name'] === metadata.name)
    .flatMap((slice) => slice.endpoints ?? [])
    .filter(({ conditions }) => conditions?.ready === true)
    .flatMap(({ addresses }) => addresses)
}

function listedOf(state: DurableState, service: Service): string[] {
  const subsets = state.get(endpoints, keyOf(service))?.subsets ?? []
  return subsets.flatMap(({ addresses = [] }) => addresses.map(({ ip }) => ip))
}
