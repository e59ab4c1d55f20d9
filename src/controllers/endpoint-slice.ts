// Keeps the EndpointSlices of Services in step with the pods they select.
import type { EndpointSlice } from '#kinds/k8s/discovery.ts'
import { keyOf } from '#kinds/object.ts'
import { nodes as nodeKind, pods as podKind, services as serviceKind } from '#kinds/refs.ts'
import type { Controller, ControllerContext } from './context.ts'
import { MANAGED_BY, MANAGER, planEndpointSlices } from './endpoint-slice-plan.ts'
import { keyedController } from './keyed-controller.ts'
import { selects } from './service-endpoints.ts'
import { serviceKeyOf, sliceInformer, slicesOf, sliceWriter } from './slices-by-service.ts'
import { watchServicePods } from './service-watch.ts'
import { TriggerTimes } from './trigger-times.ts'

const ZONE = 'topology.kubernetes.io/zone'
const isOurs = ({ metadata }: EndpointSlice): boolean => metadata.labels?.[MANAGED_BY] === MANAGER

export function createEndpointSliceController(context: ControllerContext): Controller {
  const { client, informers } = context
  const services = informers.informer(serviceKind)
  const pods = informers.informer(podKind)
  const nodes = informers.informer(nodeKind)
  const slices = sliceInformer(informers)
  const writer = sliceWriter(client)
  const triggerTimes = new TriggerTimes()

  const controller = keyedController(context, {
    name: 'endpointslice',
    needs: [services, pods, nodes, slices],
    reconcile,
  })
  const add = (key: string) => controller.add(key)
  watchServicePods({ services, pods }, add)
  const sliceChanged = (slice: EndpointSlice) => {
    if (isOurs(slice)) add(serviceKeyOf(slice))
  }
  // Slices that others changed or deleted are made right again.
  slices.on({ updated: sliceChanged, deleted: sliceChanged, added: sliceChanged })
  nodes.on({
    updated: (node, old) => {
      if (node.metadata.labels?.[ZONE] === old.metadata.labels?.[ZONE]) return
      for (const service of services.list()) add(keyOf(service))
    },
  })
  return controller

  async function reconcile(key: string): Promise<void> {
    const service = services.get(key)
    // The garbage collector deletes the slices of a Service that is gone.
    if (!service || service.metadata.deletionTimestamp) return triggerTimes.forget(key)
    const { namespace } = service.metadata
    const own = pods.list(namespace).filter((pod) => selects(service, pod))
    const plan = planEndpointSlices({
      service,
      pods: own,
      triggerTime: triggerTimes.of(service, own),
      zoneOf: (nodeName) => nodes.get(nodeName)?.metadata.labels?.[ZONE],
      slices: slicesOf(slices, key)
        .filter(isOurs)
        .toSorted((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1)),
      isNameTaken: (name) => slices.get(`${namespace ?? ''}/${name}`) !== undefined,
    })
    // New addresses first: at no time is there less behind a Service than could be.
    for (const slice of plan.create) await writer.create(slice)
    for (const slice of plan.update) await writer.update(slice)
    for (const slice of plan.delete) await writer.remove(slice)
  }
}
