// What a pod takes of a node, and how well it is kept when the node runs short.
import type { Container, Pod, PodSpec } from './k8s/core.ts'
import { addAmounts, amountsOf, raiseAmounts, type ResourceAmounts } from './resource-amounts.ts'

type Kind = 'requests' | 'limits'

/** An init container that keeps running beside the others. */
export const isSidecar = (container: Container): boolean => container.restartPolicy === 'Always'

/**
 * The most a pod uses at any time: init containers run one after the other, each beside the sidecars
 * started before it; then the containers run beside all sidecars.
 */
function effective(spec: PodSpec, kind: Kind): ResourceAmounts {
  const sidecars: ResourceAmounts = {}
  const peak: ResourceAmounts = {}
  for (const container of spec.initContainers ?? []) {
    const own = amountsOf(container.resources?.[kind])
    if (isSidecar(container)) {
      addAmounts(sidecars, own)
      raiseAmounts(peak, sidecars)
      continue
    }
    addAmounts(own, sidecars)
    raiseAmounts(peak, own)
  }
  const running = { ...sidecars }
  for (const container of spec.containers)
    addAmounts(running, amountsOf(container.resources?.[kind]))
  raiseAmounts(peak, running)
  // What is said for the pod as a whole stands over the sum of its containers.
  Object.assign(peak, amountsOf(spec.resources?.[kind]))
  return peak
}

export function podRequests(pod: Pick<Pod, 'spec'>): ResourceAmounts {
  const requests = effective(pod.spec, 'requests')
  addAmounts(requests, amountsOf(pod.spec.overhead))
  return requests
}

/**
 * The sum of the limits that are set. It bounds the pod only for a resource that every container
 * limits: see `isLimited`.
 */
export function podLimits(pod: Pick<Pod, 'spec'>): ResourceAmounts {
  const limits = effective(pod.spec, 'limits')
  for (const [name, amount] of Object.entries(amountsOf(pod.spec.overhead)))
    if (limits[name] !== undefined) limits[name] += amount
  return limits
}

const allContainers = (spec: PodSpec): Container[] => [
  ...(spec.initContainers ?? []),
  ...spec.containers,
]

/** Whether the pod as a whole cannot use more of a resource than `podLimits` says. */
export function isLimited(pod: Pick<Pod, 'spec'>, resource: string): boolean {
  if (pod.spec.resources?.limits?.[resource] !== undefined) return true
  return allContainers(pod.spec).every(
    ({ resources }) => (amountsOf(resources?.limits)[resource] ?? 0) > 0,
  )
}

export type QosClass = 'Guaranteed' | 'Burstable' | 'BestEffort'

const QOS_RESOURCES = ['cpu', 'memory'] as const

/** Guaranteed: CPU and memory of every container limited to what it requests. BestEffort: neither. */
export function qosClassOf({ spec }: Pick<Pod, 'spec'>): QosClass {
  const parts =
    spec.resources?.requests === undefined && spec.resources?.limits === undefined
      ? allContainers(spec).map(({ resources }) => resources)
      : [spec.resources]
  const amounts = parts.map((resources) => ({
    requests: amountsOf(resources?.requests),
    limits: amountsOf(resources?.limits),
  }))
  const isUnset = amounts.every(({ requests, limits }) =>
    QOS_RESOURCES.every((name) => !requests[name] && !limits[name]),
  )
  if (isUnset) return 'BestEffort'
  const isGuaranteed = amounts.every(({ requests, limits }) =>
    QOS_RESOURCES.every(
      (name) => limits[name] && (requests[name] === undefined || requests[name] === limits[name]),
    ),
  )
  return isGuaranteed ? 'Guaranteed' : 'Burstable'
}
