// Labels and annotations by which sandboxes and containers are found again: the kubelet's names, so
// that crictl and the like show pods as they are used to.
import type { Container, Pod } from '#kinds/k8s/core.ts'
import { containerHash } from '../pods/container-hash.ts'

export const labelNames = {
  podName: 'io.kubernetes.pod.name',
  podNamespace: 'io.kubernetes.pod.namespace',
  podUid: 'io.kubernetes.pod.uid',
  containerName: 'io.kubernetes.container.name',
} as const

export const annotationNames = {
  hash: 'io.kubernetes.container.hash',
  restartCount: 'io.kubernetes.container.restartCount',
  terminationMessagePath: 'io.kubernetes.container.terminationMessagePath',
  terminationMessagePolicy: 'io.kubernetes.container.terminationMessagePolicy',
  gracePeriodSeconds: 'io.kubernetes.pod.terminationGracePeriod',
  /** How long the start was held back: the next delay follows from it. */
  restartDelayMs: 'ccs.dev/restart-delay-ms',
} as const

export function podLabels({ metadata }: Pod): Record<string, string> {
  return {
    [labelNames.podName]: metadata.name,
    [labelNames.podNamespace]: metadata.namespace ?? '',
    [labelNames.podUid]: metadata.uid ?? '',
  }
}

/** What must be known to end a pod that the API has forgotten. */
export const podAnnotations = ({ spec }: Pod): Record<string, string> => ({
  [annotationNames.gracePeriodSeconds]: String(spec.terminationGracePeriodSeconds ?? 30),
})

export const containerLabels = (pod: Pod, container: Container): Record<string, string> => ({
  ...podLabels(pod),
  [labelNames.containerName]: container.name,
})

export function containerAnnotations(
  container: Container,
  start: { attempt: number; restartDelayMs: number | undefined },
): Record<string, string> {
  const { restartDelayMs } = start
  return {
    [annotationNames.hash]: containerHash(container),
    [annotationNames.restartCount]: String(start.attempt),
    [annotationNames.terminationMessagePath]: container.terminationMessagePath ?? '',
    [annotationNames.terminationMessagePolicy]: container.terminationMessagePolicy ?? 'File',
    ...(restartDelayMs === undefined
      ? {}
      : { [annotationNames.restartDelayMs]: String(restartDelayMs) }),
  }
}
