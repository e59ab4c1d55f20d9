// Keeps the status of PodDisruptionBudgets, by which the API grants or refuses evictions.
import type { ReconcileResult } from '#base/work-queue.ts'
import type { Pod } from '#kinds/k8s/core.ts'
import { matchesLabelSelector } from '#kinds/label-selector.ts'
import { controllerOf } from '#kinds/meta.ts'
import { keyOf } from '#kinds/object.ts'
import { isPodFinished } from '#kinds/pod-status.ts'
import {
  deployments as deploymentKind,
  podDisruptionBudgets as budgetKind,
  pods as podKind,
  replicaSets as replicaSetKind,
} from '#kinds/refs.ts'
import type { Controller, ControllerContext } from './context.ts'
import { disruptionStatus, nextTimeoutMs } from './disruption-plan.ts'
import { keyedController } from './keyed-controller.ts'
import { specReplicas } from './rollout-size.ts'
import { writeStatus } from './write-status.ts'

export function createDisruptionController(context: ControllerContext): Controller {
  const { client, informers, clock } = context
  const budgets = informers.informer(budgetKind)
  const pods = informers.informer(podKind)
  const replicaSets = informers.informer(replicaSetKind)
  const deployments = informers.informer(deploymentKind)
  const controller = keyedController(context, {
    name: 'disruption',
    needs: [budgets, pods, replicaSets, deployments],
    reconcile,
  })
  const addAllIn = (namespace: string | undefined) => {
    for (const budget of budgets.list(namespace)) controller.add(keyOf(budget))
  }
  budgets.on({
    added: (budget) => controller.add(keyOf(budget)),
    updated: (budget) => controller.add(keyOf(budget)),
  })
  const changed = ({ metadata }: { metadata: { namespace?: string | undefined } }) =>
    addAllIn(metadata.namespace)
  pods.on({ added: changed, updated: changed, deleted: changed })
  replicaSets.on({ updated: changed })
  deployments.on({ updated: changed })
  return controller

  async function reconcile(key: string): Promise<ReconcileResult> {
    const budget = budgets.get(key)
    if (!budget) return
    const { namespace } = budget.metadata
    const selected = pods
      .list(namespace)
      .filter(
        (pod) =>
          !isPodFinished(pod) && matchesLabelSelector(budget.spec.selector, pod.metadata.labels),
      )
    const nowMs = clock.now()
    const wantedPods = wantedBy(selected)
    const status = disruptionStatus({ budget, pods: selected, wantedPods, nowMs })
    await writeStatus(client.resource(budgetKind), budget, status)
    const afterMs = nextTimeoutMs(status, nowMs)
    return afterMs === undefined ? undefined : { afterMs }
  }

  /** Replicas that the controllers of these pods want; a pod without one counts for itself. */
  function wantedBy(selected: readonly Pod[]): number {
    const wanted = new Map<string, number>()
    for (const pod of selected) {
      const { uid, replicas } = rootOf(pod)
      wanted.set(uid, replicas)
    }
    return [...wanted.values()].reduce((sum, replicas) => sum + replicas, 0)
  }

  function rootOf(pod: Pod): { uid: string; replicas: number } {
    const alone = { uid: pod.metadata.uid ?? keyOf(pod), replicas: 1 }
    const namespace = pod.metadata.namespace ?? ''
    const owner = controllerOf(pod)
    const set = owner && replicaSets.get(`${namespace}/${owner.name}`)
    if (!set || set.metadata.uid !== owner.uid) return alone
    const root = controllerOf(set)
    const deployment = root && deployments.get(`${namespace}/${root.name}`)
    return deployment && deployment.metadata.uid === root.uid
      ? { uid: root.uid, replicas: specReplicas(deployment) }
      : { uid: owner.uid, replicas: specReplicas(set) }
  }
}
