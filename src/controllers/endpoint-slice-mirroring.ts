// Shows Endpoints that somebody wrote by hand, for a Service that selects no pods, as EndpointSlices: what
// proxies and DNS read.
import type { Endpoints } from '#kinds/k8s/core.ts'
import type { EndpointSlice } from '#kinds/k8s/discovery.ts'
import { isDeleting } from '#kinds/meta.ts'
import { keyOf } from '#kinds/object.ts'
import { endpoints as endpointsKind, services as serviceKind } from '#kinds/refs.ts'
import { deepEqual } from '#kinds/validate/equal.ts'
import type { Controller, ControllerContext } from './context.ts'
import { MANAGED_BY } from './endpoint-slice-plan.ts'
import { MIRROR, mirroredSlices } from './endpoint-slice-mirroring-plan.ts'
import { keyedController } from './keyed-controller.ts'
import { serviceKeyOf, sliceInformer, slicesOf, sliceWriter } from './slices-by-service.ts'

const SKIP = 'endpointslice.kubernetes.io/skip-mirror'
/** An old way to elect leaders: such Endpoints are no addresses. */
const LEADER = 'control-plane.alpha.kubernetes.io/leader'

const isMirror = ({ metadata }: EndpointSlice): boolean => metadata.labels?.[MANAGED_BY] === MIRROR

const isMeant = ({ metadata }: Endpoints): boolean =>
  metadata.labels?.[SKIP] !== 'true' &&
  metadata.annotations?.[LEADER] === undefined &&
  !isDeleting({ metadata })

export function createEndpointSliceMirroring(context: ControllerContext): Controller {
  const { client, informers } = context
  const all = informers.informer(endpointsKind)
  const services = informers.informer(serviceKind)
  const slices = sliceInformer(informers)
  const writer = sliceWriter(client)
  const controller = keyedController(context, {
    name: 'endpoint-slice-mirroring',
    needs: [all, services, slices],
    reconcile,
  })
  const changed = (object: { metadata: { namespace?: string | undefined; name: string } }) =>
    controller.add(keyOf(object))
  all.on({ added: changed, updated: changed, deleted: changed })
  services.on({ added: changed, updated: changed, deleted: changed })
  const sliceChanged = (slice: EndpointSlice) => {
    if (isMirror(slice)) controller.add(serviceKeyOf(slice))
  }
  slices.on({ added: sliceChanged, updated: sliceChanged, deleted: sliceChanged })
  return controller

  async function reconcile(key: string): Promise<void> {
    const endpoints = all.get(key)
    const service = services.get(key)
    const isOurs = service !== undefined && Object.keys(service.spec.selector ?? {}).length === 0
    const wanted = isOurs && endpoints && isMeant(endpoints) ? mirroredSlices(endpoints) : []
    const there = slicesOf(slices, key).filter(isMirror)
    await Promise.all(wanted.map((slice) => keep(slice, there)))
    const names = new Set(wanted.map(({ metadata }) => metadata.name))
    await Promise.all(there.filter(({ metadata }) => !names.has(metadata.name)).map(writer.remove))
  }

  async function keep(wanted: EndpointSlice, there: readonly EndpointSlice[]): Promise<void> {
    const stored = there.find(({ metadata }) => metadata.name === wanted.metadata.name)
    if (stored === undefined) return writer.create(wanted)
    const { labels, annotations } = wanted.metadata
    const { annotations: _before, ...kept } = stored.metadata
    const metadata = { ...kept, labels, ...(annotations === undefined ? {} : { annotations }) }
    const next = { ...stored, ...wanted, metadata }
    if (!deepEqual(next, stored)) await writer.update(next)
  }
}
