import type { EndpointSlice } from '#kinds/k8s/discovery.ts'
import type { ObjectStorage } from '../objects/object-storage.ts'
import { slicesOf } from '../outgoing/service-backend.ts'

const KUBERNETES = { namespace: 'default', name: 'kubernetes' }

/** Where the API is reached inside the cluster: the endpoint of the service "kubernetes", where there is one. */
export function serverAddressOf(objects: ObjectStorage): string | undefined {
  const [slice] = slicesOf(objects, KUBERNETES)
  return slice && addressOf(slice)
}

function addressOf({ endpoints, ports }: EndpointSlice): string | undefined {
  const address = endpoints?.[0]?.addresses[0]
  const port = ports?.[0]?.port
  return address === undefined || !port ? undefined : `${address}:${port}`
}
