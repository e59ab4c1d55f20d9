// Deletes pods from nodes with NoExecute taints, each when its tolerations have run out.
import type { Clock } from '#base/clock.ts'
import { isReason } from '#base/errors.ts'
import type { ReconcileResult } from '#base/work-queue.ts'
import type { Node, Pod, Taint } from '#kinds/k8s/core.ts'
import { isDeleting } from '#kinds/meta.ts'
import { keyOf } from '#kinds/object.ts'
import { nodes as nodeKind, pods as podKind } from '#kinds/refs.ts'
import { tolerates } from '#placement/taints.ts'
import type { Controller, ControllerContext } from './context.ts'
import { keyedController } from './keyed-controller.ts'
import { type Disruption, markDisrupted } from './mark-disrupted.ts'
import { BY_NODE, nodeIndexer } from './pod-index.ts'

/** When a pod must leave a node with these taints: a time in ms as `nowMs`, or undefined when it may stay. */
export function evictionTimeMs(
  taints: readonly Taint[],
  pod: Pod,
  { nowMs, sinceMs }: { nowMs: number; sinceMs: (taint: Taint) => number },
): number | undefined {
  const times = taints
    .filter(({ effect }) => effect === 'NoExecute')
    .flatMap((taint) => {
      const tolerations = (pod.spec.tolerations ?? []).filter((t) => tolerates(t, taint))
      if (tolerations.length === 0) return [nowMs]
      const since = sinceMs(taint)
      return tolerations
        .filter(({ tolerationSeconds }) => tolerationSeconds !== undefined)
        .map(({ tolerationSeconds = 0 }) => since + Math.max(0, tolerationSeconds) * 1000)
    })
  return times.length === 0 ? undefined : Math.min(...times)
}

const noExecuteTaints = ({ spec }: Node): Taint[] =>
  (spec.taints ?? []).filter(({ effect }) => effect === 'NoExecute')

/** `timeAdded` has whole seconds: two seconds of toleration would be anything from one on. */
const TIME_ADDED_ROUNDING_MS = 999

/**
 * Tells since when a taint is there, in the clock's monotonic time: a wall clock that is set meanwhile
 * moves no eviction. Only the age of a taint that was there before us is taken from its own time.
 */
function taintAges(clock: Clock) {
  const sinceMs = new Map<string, Map<string, number>>()
  const keyOfTaint = ({ key, effect, timeAdded }: Taint) => `${key} ${effect} ${timeAdded ?? ''}`
  const ageMs = ({ timeAdded }: Taint): number =>
    timeAdded === undefined
      ? 0
      : Math.max(0, clock.now() - (Date.parse(timeAdded) + TIME_ADDED_ROUNDING_MS))
  return {
    see(node: Node): void {
      const known = sinceMs.get(node.metadata.name)
      const entries = noExecuteTaints(node).map((taint) => {
        const key = keyOfTaint(taint)
        return [key, known?.get(key) ?? clock.monotonic() - ageMs(taint)] as const
      })
      sinceMs.set(node.metadata.name, new Map(entries))
    },
    forget: (node: Node) => void sinceMs.delete(node.metadata.name),
    sinceMs: (node: Node, taint: Taint): number =>
      sinceMs.get(node.metadata.name)?.get(keyOfTaint(taint)) ?? clock.monotonic() - ageMs(taint),
  }
}

const DISRUPTED: Disruption = {
  reason: 'DeletionByTaintManager',
  message: 'Taint manager: deleting due to NoExecute taint',
}

export function createTaintEvictionController(context: ControllerContext): Controller {
  const { client, informers, clock } = context
  const recorder = context.recorderFor('taint-eviction-controller')
  const pods = informers.informer(podKind, { indexers: nodeIndexer })
  const nodes = informers.informer(nodeKind)
  const controller = keyedController(context, {
    name: 'taint-eviction',
    needs: [pods, nodes],
    reconcile,
  })
  const changed = (pod: Pod) => {
    const node = nodes.get(pod.spec.nodeName ?? '')
    if (node && noExecuteTaints(node).length > 0) controller.add(keyOf(pod))
  }
  const ages = taintAges(clock)
  const addPodsOf = (node: Node) => {
    ages.see(node)
    if (noExecuteTaints(node).length === 0) return
    for (const pod of pods.byIndex(BY_NODE, node.metadata.name)) controller.add(keyOf(pod))
  }
  pods.on({ added: changed, updated: changed })
  nodes.on({ added: addPodsOf, updated: addPodsOf, deleted: ages.forget })
  return controller

  async function reconcile(key: string): Promise<ReconcileResult> {
    const pod = pods.get(key)
    const node = nodes.get(pod?.spec.nodeName ?? '')
    if (!pod || !node || isDeleting(pod)) return
    const nowMs = clock.monotonic()
    const sinceMs = (taint: Taint) => ages.sinceMs(node, taint)
    const atMs = evictionTimeMs(noExecuteTaints(node), pod, { nowMs, sinceMs })
    if (atMs === undefined) return
    if (atMs > nowMs) return { afterMs: atMs - nowMs }
    await evict(pod)
  }

  async function evict(pod: Pod): Promise<void> {
    const { uid = '' } = pod.metadata
    const resource = client.resource(podKind)
    try {
      if (!(await markDisrupted(resource, pod, DISRUPTED, { nowMs: clock.now() }))) return
      await resource.delete(pod.metadata, { preconditions: { uid } })
    } catch (error) {
      if (isReason(error, 'NotFound')) return
      throw error
    }
    const message = `Marking for deletion Pod ${keyOf(pod)}`
    recorder.event(pod, { type: 'Normal', reason: 'TaintManagerEviction', message })
  }
}
