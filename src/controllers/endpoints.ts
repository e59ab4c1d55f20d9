// Keeps the older Endpoints object of each Service, for clients that do not know EndpointSlices.
import { isDeepStrictEqual } from 'node:util'
import { isReason } from '#base/errors.ts'
import type { EndpointAddress, EndpointSubset, Endpoints, Pod, Service } from '#kinds/k8s/core.ts'
import { keyOf, splitKey } from '#kinds/object.ts'
import {
  endpoints as endpointsKind,
  pods as podKind,
  services as serviceKind,
} from '#kinds/refs.ts'
import type { Controller, ControllerContext } from './context.ts'
import { HEADLESS, triggerAnnotation } from './endpoint-slice-plan.ts'
import { keyedController } from './keyed-controller.ts'
import { isNamespaceTerminating } from './namespace-terminating.ts'
import {
  addressedPods,
  endpointState,
  hasEndpoints,
  hostnameIn,
  isHeadless,
  portsIn,
  selects,
} from './service-endpoints.ts'
import { watchServicePods } from './service-watch.ts'
import { TriggerTimes } from './trigger-times.ts'

const MANAGED_BY = 'endpoints.kubernetes.io/managed-by'
const MANAGER = 'endpoint-controller'
/** Addresses in one object, as in Kubernetes; whoever needs more reads EndpointSlices. */
const ADDRESSES_MAX = 1_000

/** Says that there are more addresses than the object holds. */
const OVER_CAPACITY = 'endpoints.kubernetes.io/over-capacity'

export function planEndpoints(service: Service, pods: readonly Pod[]): Endpoints {
  const subsets = new Map<string, EndpointSubset>()
  const shown = addressedPods(service, pods)
    .map((pod) => ({ pod, state: endpointState(service, pod) }))
    .filter(({ state }) => state.ready || !state.terminating)
  for (const { pod, state } of shown.slice(0, ADDRESSES_MAX)) {
    const ports = portsIn(service, pod).map(({ name, ...port }) =>
      name ? { name, ...port } : port,
    )
    if (ports.length === 0 && !isHeadless(service)) continue
    const key = JSON.stringify(ports)
    const subset: EndpointSubset = subsets.get(key) ?? (ports.length > 0 ? { ports } : {})
    const list = state.ready ? 'addresses' : 'notReadyAddresses'
    subset[list] = [...(subset[list] ?? []), addressOf(service, pod)]
    subsets.set(key, subset)
  }
  const { name, namespace, labels } = service.metadata
  const isTruncated = shown.length > ADDRESSES_MAX
  return {
    apiVersion: 'v1',
    kind: 'Endpoints',
    metadata: {
      name,
      namespace,
      labels: {
        ...labels,
        ...(isHeadless(service) ? { [HEADLESS]: '' } : {}),
        [MANAGED_BY]: MANAGER,
      },
      ...(isTruncated ? { annotations: { [OVER_CAPACITY]: 'truncated' } } : {}),
    },
    subsets: [...subsets].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, subset]) => subset),
  }
}

function addressOf(service: Service, pod: Pod): EndpointAddress {
  const { name, namespace, uid } = pod.metadata
  const hostname = hostnameIn(service, pod)
  return {
    ip: pod.status?.podIP ?? '',
    ...(hostname ? { hostname } : {}),
    ...(pod.spec.nodeName ? { nodeName: pod.spec.nodeName } : {}),
    targetRef: {
      kind: 'Pod',
      name,
      ...(namespace === undefined ? {} : { namespace }),
      ...(uid === undefined ? {} : { uid }),
    },
  }
}

export function createEndpointsController(context: ControllerContext): Controller {
  const { client, informers } = context
  const services = informers.informer(serviceKind)
  const pods = informers.informer(podKind)
  const cache = informers.informer(endpointsKind)
  const resource = client.resource(endpointsKind)
  const triggerTimes = new TriggerTimes()
  const controller = keyedController(context, {
    name: 'endpoints',
    needs: [services, pods, cache],
    reconcile,
  })
  watchServicePods({ services, pods }, (key) => controller.add(key))
  const changed = (object: Endpoints) => {
    if (object.metadata.labels?.[MANAGED_BY] === MANAGER) controller.add(keyOf(object))
  }
  cache.on({ added: changed, updated: changed, deleted: changed })
  return controller

  async function reconcile(key: string): Promise<void> {
    const service = services.get(key)
    const existing = cache.get(key)
    const isOurs = existing?.metadata.labels?.[MANAGED_BY] === MANAGER
    if (!service) triggerTimes.forget(key)
    if (!service || !hasEndpoints(service)) return isOurs ? remove(key) : undefined
    const own = pods.list(service.metadata.namespace).filter((pod) => selects(service, pod))
    const wanted = planEndpoints(service, own)
    const triggerTime = triggerTimes.of(service, own)
    if (!existing)
      return create({
        ...wanted,
        metadata: {
          ...wanted.metadata,
          ...triggerAnnotation(triggerTime, wanted.metadata.annotations),
        },
      })
    const isSame =
      isDeepStrictEqual(existing.subsets ?? [], wanted.subsets) &&
      isDeepStrictEqual(existing.metadata.labels, wanted.metadata.labels)
    if (isSame) return
    const { annotations, ...others } = existing.metadata
    const { [OVER_CAPACITY]: _before, ...kept } = annotations ?? {}
    const metadata = {
      ...others,
      labels: wanted.metadata.labels,
      ...triggerAnnotation(triggerTime, { ...kept, ...wanted.metadata.annotations }),
    }
    await resource.update({ ...existing, metadata, subsets: wanted.subsets })
  }

  async function create(wanted: Endpoints): Promise<void> {
    try {
      await resource.create(wanted)
    } catch (error) {
      if (!isNamespaceTerminating(error)) throw error
    }
  }

  async function remove(key: string): Promise<void> {
    try {
      await resource.delete(splitKey(key))
    } catch (error) {
      if (!isReason(error, 'NotFound')) throw error
    }
  }
}
