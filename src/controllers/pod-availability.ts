import type { Pod } from '#kinds/k8s/core.ts'
import { conditionOf } from '#kinds/meta.ts'
import { isPodReady } from '#kinds/pod-status.ts'

/** When the pod became ready; undefined while it is not. */
export const readySince = (pod: Pod): string | undefined =>
  isPodReady(pod) ? conditionOf(pod.status?.conditions, 'Ready')?.lastTransitionTime : undefined

/**
 * Time until the next of these ready pods has been ready for `minReadySeconds`; undefined when none
 * waits for that.
 */
export function nextAvailableMs(
  pods: readonly Pod[],
  minReadySeconds: number,
  nowMs: number,
): number | undefined {
  const waits = pods
    .map(readySince)
    .filter((since) => since !== undefined)
    .map((since) => Date.parse(since) + minReadySeconds * 1000 - nowMs)
    .filter((waitMs) => waitMs > 0)
  return waits.length > 0 ? Math.min(...waits) : undefined
}
