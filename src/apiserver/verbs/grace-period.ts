import type { KubeObject } from '#kinds/object.ts'
import type { Pod } from '#kinds/k8s/core.ts'
import type { ServedResource } from '../resources.ts'

export const hasGracePeriod = ({ group, plural }: ServedResource): boolean =>
  group === '' && plural === 'pods'

/**
 * How long an object stays to shut down: only pods that may still run do. Kubernetes calls this
 * CheckGracefulDelete.
 */
export function gracePeriodSeconds(
  resource: ServedResource,
  object: KubeObject,
  asked: number | undefined,
): number {
  if (!hasGracePeriod(resource)) return 0
  const { spec, status } = object as Pod
  const isDone = status?.phase === 'Failed' || status?.phase === 'Succeeded'
  if (!spec?.nodeName || isDone) return 0
  const period = asked ?? spec.terminationGracePeriodSeconds ?? 30
  // A pod may have been made with less than no time.
  return period < 0 ? 1 : period
}
