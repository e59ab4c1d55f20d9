// What a pod requests or may use as a whole, in quantities as they were written.
import type { PodSpec } from '../k8s/core.ts'
import { isSidecar } from '../pod-resources.ts'
import { type Amounts, addAll, maxOfEach, pickAmounts } from './amounts.ts'
import { HUGE_PAGES } from './resources.ts'

type Kind = 'requests' | 'limits'

/** What can be said for a pod as a whole. */
const isOfPods = (name: string): boolean =>
  name === 'cpu' || name === 'memory' || name.startsWith(HUGE_PAGES)

/**
 * The most at any time: init containers run one after the other beside the sidecars before them, then
 * the containers beside all sidecars. Overhead comes on top of what is bounded at all.
 */
export function podAmounts(spec: PodSpec, kind: Kind): Amounts {
  let sidecars: Amounts = {}
  let peak: Amounts = {}
  for (const container of spec.initContainers ?? []) {
    const own = container.resources?.[kind] ?? {}
    if (isSidecar(container)) {
      sidecars = addAll(sidecars, own)
      peak = maxOfEach(peak, sidecars)
    } else peak = maxOfEach(peak, addAll(own, sidecars))
  }
  let running = sidecars
  for (const { resources } of spec.containers) running = addAll(running, resources?.[kind] ?? {})
  const total = {
    ...maxOfEach(running, peak),
    ...pickAmounts(spec.resources?.[kind] ?? {}, isOfPods),
  }
  const overhead = spec.overhead ?? {}
  return addAll(
    total,
    kind === 'requests' ? overhead : pickAmounts(overhead, (name) => total[name] !== undefined),
  )
}
