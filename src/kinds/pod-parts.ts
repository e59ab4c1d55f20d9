// What a write through a subresource of a pod may carry: everything else stays as it was.
import type { Container, Pod, PodSpec } from './k8s/core.ts'
import { keepField } from './prepare.ts'

/** Puts everything but the spec back; the version stays what the write was made against. */
function keepRest(pod: Pod, old: Pod, spec: PodSpec): void {
  const { resourceVersion } = pod.metadata
  pod.metadata = { ...structuredClone(old.metadata), resourceVersion }
  keepField(pod, old, 'status')
  pod.spec = spec
}

export function onlyEphemeral(pod: Pod, old: Pod): void {
  const spec = structuredClone(old.spec)
  keepField(spec, pod.spec, 'ephemeralContainers')
  keepRest(pod, old, spec)
}

/** Containers that are in both, with the resources of the new one. */
function resized(
  containers: Container[] | undefined,
  wanted: readonly Container[] = [],
): Container[] | undefined {
  const byName = new Map(wanted.map((container) => [container.name, container]))
  return containers?.map((container) => {
    const source = byName.get(container.name)
    if (source === undefined) return container
    const result = { ...container }
    keepField(result, source, 'resources')
    keepField(result, source, 'resizePolicy')
    return result
  })
}

export function onlyResources(pod: Pod, old: Pod): void {
  const spec = structuredClone(old.spec)
  const { containers, initContainers } = pod.spec
  spec.containers = resized(spec.containers, containers) ?? []
  const init = resized(spec.initContainers, initContainers)
  if (init !== undefined) spec.initContainers = init
  keepField(spec, pod.spec, 'resources')
  keepRest(pod, old, spec)
}
