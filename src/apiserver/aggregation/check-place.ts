// Whether the service of a remote group version leads anywhere, in the words of kube-aggregator's
// availability controller.
import type { EndpointSlice } from '#kinds/k8s/discovery.ts'
import type { Service } from '#kinds/k8s/core.ts'
import type { ObjectStorage } from '../objects/object-storage.ts'
import { backendsOf, slicesOf } from '../outgoing/service-backend.ts'
import { keyFor, prefixFor } from '../resources.ts'
import type { RemoteService } from './remote-service.ts'

/** What the Available condition says. */
export interface Verdict {
  status: 'True' | 'False'
  reason: string
  message: string
}

export const unavailable = (reason: string, message: string): Verdict => ({
  status: 'False',
  reason,
  message,
})

export const PASSED: Verdict = { status: 'True', reason: 'Passed', message: 'all checks passed' }

const services = { prefix: prefixFor('', 'services') }

/** What is wrong with the way there; nothing when the server can be asked. */
export function checkPlace(objects: ObjectStorage, remote: RemoteService): Verdict | undefined {
  const { namespace, name, port } = remote.service
  const place = `service/${name} in ${JSON.stringify(namespace)}`
  const service = objects.get(keyFor(services, namespace, name))?.object as Service | undefined
  if (service === undefined) return unavailable('ServiceNotFound', `${place} is not present`)
  const found = service.spec.ports?.find((one) => one.port === port)
  if (found === undefined)
    return unavailable('ServicePortError', `${place} is not listening on port ${port}`)
  const portName = found.name ?? ''
  if (backendsOf(objects, remote.service, portName).length > 0) return undefined
  const slices: EndpointSlice[] = slicesOf(objects, remote.service)
  if (slices.length === 0)
    return unavailable('EndpointsNotFound', `cannot find endpointslices for ${place}`)
  return unavailable(
    'MissingEndpoints',
    `endpoints for ${place} have no addresses with port name ${JSON.stringify(portName)}`,
  )
}
