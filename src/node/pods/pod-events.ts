// Events about a pod, in the kubelet's words.
import type { Container, ObjectReference, Pod } from '#kinds/k8s/core.ts'
import type { EventRecorder, NodeEvent } from '../events/event-recorder.ts'

export function podReference({ metadata }: Pod, fieldPath?: string): ObjectReference {
  const { name, namespace = '', uid = '', resourceVersion } = metadata
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    name,
    namespace,
    uid,
    ...(resourceVersion === undefined ? {} : { resourceVersion }),
    ...(fieldPath === undefined ? {} : { fieldPath }),
  }
}

function fieldPathOf({ spec }: Pod, container: Pick<Container, 'name'>): string {
  const isInit = spec.initContainers?.some(({ name }) => name === container.name) ?? false
  return `spec.${isInit ? 'initContainers' : 'containers'}{${container.name}}`
}

type What = Omit<NodeEvent, 'about'>

export class PodEvents {
  readonly #recorder: EventRecorder

  constructor(recorder: EventRecorder) {
    this.#recorder = recorder
  }

  aboutPod(pod: Pod, what: What): void {
    this.#recorder.record({ ...what, about: podReference(pod) })
  }

  aboutContainer(pod: Pod, container: Pick<Container, 'name'>, what: What): void {
    this.#recorder.record({ ...what, about: podReference(pod, fieldPathOf(pod, container)) })
  }
}

export const normal = (reason: string, message: string): What => ({
  type: 'Normal',
  reason,
  message,
})
export const warning = (reason: string, message: string): What => ({
  type: 'Warning',
  reason,
  message,
})
