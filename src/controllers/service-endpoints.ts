// Which pods stand behind a Service, at which ports, and in what condition. Pure.
import type { EndpointPort } from '#kinds/k8s/discovery.ts'
import type { Pod, Service, ServicePort } from '#kinds/k8s/core.ts'
import { matchesLabelMap } from '#kinds/label-selector.ts'
import { isDeleting } from '#kinds/meta.ts'
import { isPodFinished, isPodReady } from '#kinds/pod-status.ts'

/** Whether we keep the endpoints of a Service; of others the user does. */
export const hasEndpoints = ({ spec }: Service): boolean =>
  spec.type !== 'ExternalName' && Object.keys(spec.selector ?? {}).length > 0

/** Says since when the change was waiting that the last write brought; for measuring. */
export const TRIGGER_TIME = 'endpoints.kubernetes.io/last-change-trigger-time'

export const isHeadless = ({ spec }: Service): boolean => spec.clusterIP === 'None'

export const selects = (service: Service, pod: Pod): boolean =>
  hasEndpoints(service) && matchesLabelMap(service.spec.selector ?? {}, pod.metadata.labels)

/** Pods of a Service that have an address, in the order of their names. */
export function addressedPods(service: Service, pods: readonly Pod[]): Pod[] {
  return pods
    .filter((pod) => selects(service, pod) && Boolean(pod.status?.podIP) && !isPodFinished(pod))
    .toSorted((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1))
}

export interface EndpointState {
  ready: boolean
  serving: boolean
  terminating: boolean
}

export function endpointState(service: Service, pod: Pod): EndpointState {
  const serving = isPodReady(pod)
  const terminating = isDeleting(pod)
  const ready = (service.spec.publishNotReadyAddresses ?? false) || (serving && !terminating)
  return { ready, serving, terminating }
}

/** The name by which DNS knows a pod of a headless Service; undefined when it has none of its own. */
export function hostnameIn(service: Service, { spec }: Pod): string | undefined {
  return spec.subdomain === service.metadata.name ? spec.hostname : undefined
}

/** Number of a Service's port in a pod; undefined when the pod has no port of that name. */
function portIn(pod: Pod, { port, targetPort = port, protocol = 'TCP' }: ServicePort) {
  if (typeof targetPort === 'number') return targetPort
  const sidecars = (pod.spec.initContainers ?? []).filter((c) => c.restartPolicy === 'Always')
  return [...pod.spec.containers, ...sidecars]
    .flatMap(({ ports }) => ports ?? [])
    .find((named) => named.name === targetPort && (named.protocol ?? 'TCP') === protocol)
    ?.containerPort
}

/** A pod's ports under the names of the Service's. */
export function portsIn(service: Service, pod: Pod): (EndpointPort & { port: number })[] {
  return (service.spec.ports ?? []).flatMap((servicePort) => {
    const port = portIn(pod, servicePort)
    const { name = '', protocol = 'TCP', appProtocol } = servicePort
    return port === undefined
      ? []
      : [{ name, port, protocol, ...(appProtocol === undefined ? {} : { appProtocol }) }]
  })
}

/** Whether a pod's change may change an endpoint. */
export function isEndpointChange(pod: Pod, old: Pod): boolean {
  const seen = ({ metadata, spec, status }: Pod) =>
    JSON.stringify([
      metadata.labels,
      metadata.deletionTimestamp === undefined,
      spec.nodeName,
      status?.podIPs ?? status?.podIP,
      status?.phase,
    ])
  return isPodReady(pod) !== isPodReady(old) || seen(pod) !== seen(old)
}
