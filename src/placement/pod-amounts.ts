// What a pod asks of a node, as maps: these sums are changed for every pod and read for every node.
import type { Container, Pod } from '#kinds/k8s/core.ts'
import { podRequests } from '#kinds/pod-resources.ts'

/** Resource -> amount: CPU in thousandths, all else in whole units. */
export type Amounts = Map<string, number>

/** What a container without requests counts as when nodes are compared, as in kube-scheduler. */
const UNSTATED = { cpu: '100m', memory: '200Mi' }

const withWeight = (container: Container): Container => ({
  ...container,
  resources: { requests: { ...UNSTATED, ...container.resources?.requests } },
})

/** What the scheduler reserves for a pod. */
export function requestedBy(pod: Pod): Amounts {
  return new Map(Object.entries(podRequests(pod)))
}

/** CPU and memory of a pod for comparing nodes: pods that state nothing still weigh something. */
export function weightOf({ spec }: Pod): Amounts {
  const { cpu = 0, memory = 0 } = podRequests({
    spec: {
      ...spec,
      containers: spec.containers.map(withWeight),
      initContainers: (spec.initContainers ?? []).map(withWeight),
    },
  })
  return new Map([
    ['cpu', cpu],
    ['memory', memory],
  ])
}
