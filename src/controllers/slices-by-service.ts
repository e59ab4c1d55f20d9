// EndpointSlices of a Service, and how controllers write them.
import { isReason } from '#base/errors.ts'
import type { Client, Informer, InformerFactory } from '#client/types.ts'
import type { EndpointSlice } from '#kinds/k8s/discovery.ts'
import { endpointSlices } from '#kinds/refs.ts'
import { SERVICE_NAME } from './endpoint-slice-plan.ts'
import { isNamespaceTerminating } from './namespace-terminating.ts'

const BY_SERVICE = 'service'
const indexers = { [BY_SERVICE]: (slice: EndpointSlice) => [serviceKeyOf(slice)] }

/** "namespace/name" of the Service that a slice is of. */
export const serviceKeyOf = ({ metadata }: EndpointSlice): string =>
  `${metadata.namespace ?? ''}/${metadata.labels?.[SERVICE_NAME] ?? ''}`

export const sliceInformer = (informers: InformerFactory): Informer<EndpointSlice> =>
  informers.informer(endpointSlices, { indexers })

/** Of an informer made by `sliceInformer`. */
export const slicesOf = (slices: Informer<EndpointSlice>, serviceKey: string): EndpointSlice[] =>
  slices.byIndex(BY_SERVICE, serviceKey)

export function sliceWriter(client: Client) {
  const resource = client.resource(endpointSlices)
  return {
    /** In a namespace that goes there is nothing to do. */
    create: async (slice: EndpointSlice): Promise<void> => {
      try {
        await resource.create(slice)
      } catch (error) {
        if (!isNamespaceTerminating(error)) throw error
      }
    },
    update: async (slice: EndpointSlice): Promise<void> => {
      await resource.update(slice)
    },
    remove: async ({ metadata }: EndpointSlice): Promise<void> => {
      try {
        await resource.delete(metadata)
      } catch (error) {
        if (!isReason(error, 'NotFound')) throw error
      }
    },
  }
}
