// Removes pods that no agent will ever remove: those of nodes that are gone or declared out of
// service, and ended ones beyond a limit.
import { isReason } from '#base/errors.ts'
import type { ReconcileResult } from '#base/work-queue.ts'
import type { Node, Pod } from '#kinds/k8s/core.ts'
import { conditionOf, isDeleting } from '#kinds/meta.ts'
import { isPodFinished } from '#kinds/pod-status.ts'
import { nodes as nodeKind, pods as podKind } from '#kinds/refs.ts'
import type { Controller, ControllerContext } from './context.ts'
import { keyedController } from './keyed-controller.ts'
import { type Disruption, markDisrupted } from './mark-disrupted.ts'
import { OUT_OF_SERVICE, readyStatusOf } from './node-condition-plan.ts'
import { BY_NODE, nodeIndexer } from './pod-index.ts'

/** A node deleted by mistake registers again within this time, and its pods stay. */
const ORPHAN_QUARANTINE_MS = 10_000
/** Ended pods kept for their logs and status, as in Kubernetes. */
const FINISHED_PODS_MAX = 12_500

/** The queue's keys are node names; this one, which no node can have, stands for the ended pods. */
const FINISHED = ''

const GONE: Disruption = { reason: 'DeletionByPodGC', message: 'PodGC: node no longer exists' }
const OUT: Disruption = { ...GONE, message: 'PodGC: node is out of service' }

/** Marked by us: its removal was begun, and is finished even when its node is back meanwhile. */
const isMarked = ({ status }: Pod): boolean =>
  status?.phase === 'Failed' &&
  conditionOf(status.conditions, 'DisruptionTarget')?.reason === GONE.reason

const isOutOfService = (node: Node): boolean =>
  readyStatusOf(node) !== 'True' &&
  (node.spec.taints ?? []).some(({ key }) => key === OUT_OF_SERVICE)

export function createPodGarbageController(context: ControllerContext): Controller {
  const { client, informers, clock } = context
  const pods = informers.informer(podKind, { indexers: nodeIndexer })
  const nodes = informers.informer(nodeKind)
  const orphanedSince = new Map<string, number>()
  const controller = keyedController(context, {
    name: 'pod-garbage',
    needs: [pods, nodes],
    reconcile: (key) => (key === FINISHED ? removeFinished() : removeOf(key)),
  })
  const changed = (pod: Pod) => {
    const { nodeName } = pod.spec
    const node = nodes.get(nodeName ?? '')
    if (nodeName && (!node || isOutOfService(node))) controller.add(nodeName)
    if (isPodFinished(pod)) controller.add(FINISHED)
  }
  pods.on({ added: changed, updated: changed })
  nodes.on({
    added: ({ metadata }) => controller.add(metadata.name),
    updated: ({ metadata }) => controller.add(metadata.name),
    deleted: ({ metadata }) => controller.add(metadata.name),
  })
  return controller

  async function removeOf(nodeName: string): Promise<ReconcileResult> {
    const bound = pods.byIndex(BY_NODE, nodeName)
    const node = nodes.get(nodeName)
    if (node || bound.length === 0) orphanedSince.delete(nodeName)
    if (bound.length === 0) return
    if (node) {
      if (isOutOfService(node)) await Promise.all(bound.map((pod) => forceDelete(pod, OUT)))
      return
    }
    const sinceMs = orphanedSince.get(nodeName) ?? clock.monotonic()
    orphanedSince.set(nodeName, sinceMs)
    const waitMs = sinceMs + ORPHAN_QUARANTINE_MS - clock.monotonic()
    if (waitMs > 0) return { afterMs: waitMs }
    if (await isGone(nodeName)) await Promise.all(bound.map((pod) => forceDelete(pod, GONE)))
  }

  // Our copy may lag behind: a pod lost by mistake cannot be brought back.
  async function isGone(nodeName: string): Promise<boolean> {
    try {
      await client.resource(nodeKind).get({ name: nodeName })
      return false
    } catch (error) {
      if (isReason(error, 'NotFound')) return true
      throw error
    }
  }

  async function forceDelete(pod: Pod, why: Disruption): Promise<void> {
    const marked = { nowMs: clock.now(), phase: 'Failed' } as const
    await unlessGone(async () => {
      if (isPodFinished(pod) || (await markDisrupted(client.resource(podKind), pod, why, marked)))
        await remove(pod)
    })
  }

  function remove({ metadata }: Pod): Promise<void> {
    const preconditions = { uid: metadata.uid ?? '' }
    return unlessGone(() =>
      client.resource(podKind).delete(metadata, { gracePeriodSeconds: 0, preconditions }),
    )
  }

  async function removeFinished(): Promise<void> {
    await Promise.all(pods.list().filter(isMarked).map(remove))
    const finished = pods.list().filter((pod) => isPodFinished(pod) && !isDeleting(pod))
    const excess = finished.length - FINISHED_PODS_MAX
    if (excess <= 0) return
    const created = ({ metadata }: Pod) => metadata.creationTimestamp ?? ''
    const oldest = finished.toSorted((a, b) => (created(a) < created(b) ? -1 : 1)).slice(0, excess)
    for (const pod of oldest) await remove(pod)
  }
}

async function unlessGone(work: () => Promise<unknown>): Promise<void> {
  try {
    await work()
  } catch (error) {
    if (!isReason(error, 'NotFound')) throw error
  }
}
