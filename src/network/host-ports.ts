// Pure: ports of a machine that its pods ask for (`hostPort`), and where they lead.
import { isIPv4 } from 'node:net'
import type { Pod } from '#kinds/k8s/core.ts'
import { isPodFinished } from '#kinds/pod-status.ts'
import type { Backend, Protocol } from './service-endpoints.ts'

export interface HostPort {
  hostPort: number
  /** One address of the machine; undefined for all it has. */
  hostAddress: string | undefined
  protocol: Protocol
  backend: Backend
}

/** Of the pods of `node`, in a fixed order: of two that want the same port the older one has it. */
export function hostPortsOf(pods: readonly Pod[], node: string): HostPort[] {
  const found: HostPort[] = []
  for (const pod of pods.toSorted(byAge)) {
    const address = pod.status?.podIP
    if (pod.spec.nodeName !== node || pod.spec.hostNetwork === true || isPodFinished(pod)) continue
    if (address === undefined || !isIPv4(address)) continue
    const { containers, initContainers = [] } = pod.spec
    const sidecars = initContainers.filter(({ restartPolicy }) => restartPolicy === 'Always')
    for (const { hostPort, hostIP, containerPort, protocol = 'TCP' } of [
      ...containers,
      ...sidecars,
    ].flatMap(({ ports }) => ports ?? [])) {
      if (!hostPort || protocol === 'SCTP') continue
      const isAny = !hostIP || hostIP === '0.0.0.0'
      if (!isAny && !isIPv4(hostIP)) continue
      found.push({
        hostPort,
        hostAddress: isAny ? undefined : hostIP,
        protocol,
        backend: { address, port: containerPort, node },
      })
    }
  }
  return found
}

const ageOf = ({ metadata }: Pod) =>
  `${metadata.creationTimestamp ?? ''} ${metadata.namespace}/${metadata.name}`

const byAge = (a: Pod, b: Pod) => (ageOf(a) < ageOf(b) ? -1 : 1)
