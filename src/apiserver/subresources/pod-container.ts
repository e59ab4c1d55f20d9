// Which container of a pod a request means, in the words of Kubernetes.
import { badRequest } from '#base/errors.ts'
import type { Pod } from '#kinds/k8s/core.ts'

const DEFAULT_CONTAINER = 'kubectl.kubernetes.io/default-container'

/** The container asked for, or the only one. `asked` is "" where none was. */
export function containerOf({ metadata, spec }: Pod, asked: string): string {
  const plain = spec.containers.map(({ name }) => name)
  const { initContainers = [], ephemeralContainers = [] } = spec
  const all = [
    ...initContainers.map(({ name }) => name),
    ...plain,
    ...ephemeralContainers.map(({ name }) => name),
  ]
  const chosen = asked || metadata.annotations?.[DEFAULT_CONTAINER] || ''
  if (chosen !== '') {
    if (all.includes(chosen)) return chosen
    throw badRequest(`container ${chosen} is not valid for pod ${metadata.name}`)
  }
  if (plain.length === 1) return plain[0]!
  throw badRequest(
    `a container name must be specified for pod ${metadata.name}, choose one of: [${all.join(' ')}]`,
  )
}
