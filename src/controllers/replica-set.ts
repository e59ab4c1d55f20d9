// Keeps as many pods of a ReplicaSet running as it asks for.
import { describeError } from '#base/log.ts'
import type { ReconcileResult } from '#base/work-queue.ts'
import type { Informer } from '#client/types.ts'
import type { ReplicaSet } from '#kinds/k8s/apps.ts'
import type { Pod } from '#kinds/k8s/core.ts'
import { matchesLabelSelector } from '#kinds/label-selector.ts'
import { controllerOf, isDeleting } from '#kinds/meta.ts'
import { keyOf } from '#kinds/object.ts'
import { isPodActive } from '#kinds/pod-status.ts'
import { pods as podKind, replicaSets as replicaSetKind } from '#kinds/refs.ts'
import { claim } from './claims.ts'
import type { Controller, ControllerContext } from './context.ts'
import { BY_CONTROLLER, controllerIndexer, orphansOf } from './controller-index.ts'
import { Expectations } from './expectations.ts'
import { type KeyedController, keyedController } from './keyed-controller.ts'
import { nextAvailableMs } from './pod-availability.ts'
import { type ReplicaSetSnapshot, planReplicas, replicaSetStatus } from './replica-set-plan.ts'
import { ReplicaSetPods } from './replica-set-pods.ts'
import { writeStatus } from './write-status.ts'

export function createReplicaSetController(context: ControllerContext): Controller {
  return new ReplicaSetController(context).queue
}

class ReplicaSetController {
  readonly queue: KeyedController
  readonly #context: ControllerContext
  readonly #expectations: Expectations
  readonly #podControl: ReplicaSetPods
  readonly #replicaSets: Informer<ReplicaSet>
  readonly #pods: Informer<Pod>

  constructor(context: ControllerContext) {
    const { client, informers, clock } = context
    this.#context = context
    this.#expectations = new Expectations(clock)
    const recorder = context.recorderFor('replicaset-controller')
    this.#podControl = new ReplicaSetPods(client, recorder, this.#expectations)
    this.#replicaSets = informers.informer(replicaSetKind, { indexers: controllerIndexer })
    this.#pods = informers.informer(podKind, { indexers: controllerIndexer })
    this.queue = keyedController(context, {
      name: 'replicaset',
      needs: [this.#replicaSets, this.#pods],
      reconcile: (key) => this.#reconcile(key),
    })
    this.#watchReplicaSets()
    this.#watchPods()
  }

  #watchReplicaSets(): void {
    this.#replicaSets.on({
      added: (set) => this.queue.add(keyOf(set)),
      updated: (set) => this.queue.add(keyOf(set)),
      deleted: (set) => this.#expectations.forget(keyOf(set)),
    })
  }

  #watchPods(): void {
    this.#pods.on({
      added: (pod) => {
        const owner = this.#ownerOf(pod)
        if (owner) this.#expectations.creationDone(keyOf(owner))
        this.#changed(pod)
      },
      updated: (pod, old) => {
        if (controllerOf(old)?.uid !== controllerOf(pod)?.uid) this.#changed(old)
        this.#changed(pod)
      },
      deleted: (pod) => {
        this.#deletionSeen(pod)
        this.#changed(pod)
      },
    })
  }

  #ownerOf(pod: Pod): ReplicaSet | undefined {
    const reference = controllerOf(pod)
    if (reference?.kind !== 'ReplicaSet') return undefined
    const set = this.#replicaSets.get(`${pod.metadata.namespace ?? ''}/${reference.name}`)
    return set?.metadata.uid === reference.uid ? set : undefined
  }

  #deletionSeen(pod: Pod): void {
    const owner = this.#ownerOf(pod)
    if (owner) this.#expectations.deletionDone(keyOf(owner), pod.metadata.uid ?? '')
  }

  /** Asks for a look at whoever owns the pod, or might adopt it. */
  #changed(pod: Pod): void {
    if (isDeleting(pod)) this.#deletionSeen(pod)
    const owner = this.#ownerOf(pod)
    if (owner) this.queue.add(keyOf(owner))
    if (controllerOf(pod) || isDeleting(pod)) return
    for (const set of this.#replicaSets.list(pod.metadata.namespace))
      if (matchesLabelSelector(set.spec.selector, pod.metadata.labels)) this.queue.add(keyOf(set))
  }

  async #reconcile(key: string): Promise<ReconcileResult> {
    const replicaSet = this.#replicaSets.get(key)
    if (!replicaSet) return
    const mayAct = this.#expectations.areMet(key) && !isDeleting(replicaSet)
    const snapshot = await this.#observe(replicaSet)
    const failed = mayAct ? await this.#act(snapshot) : undefined
    await writeStatus(
      this.#context.client.resource(replicaSetKind),
      replicaSet,
      replicaSetStatus(snapshot, failed?.condition),
    )
    if (failed) throw failed.error
    const { minReadySeconds = 0 } = replicaSet.spec
    const afterMs = nextAvailableMs(snapshot.active, minReadySeconds, snapshot.nowMs)
    return afterMs === undefined ? undefined : { afterMs }
  }

  async #observe(replicaSet: ReplicaSet): Promise<ReplicaSetSnapshot> {
    const { client, clock } = this.#context
    const { uid = '', namespace } = replicaSet.metadata
    const own = this.#pods.byIndex(BY_CONTROLLER, uid)
    const orphans = this.#pods.byIndex(BY_CONTROLLER, orphansOf(namespace))
    const active = await claim(
      client,
      { object: replicaSet, kind: replicaSetKind, selector: replicaSet.spec.selector },
      { objects: [...own, ...orphans].filter(isPodActive), kind: podKind },
    )
    return {
      replicaSet,
      active,
      terminating: own.filter(isDeleting),
      related: this.#relatedPods(replicaSet),
      nowMs: clock.now(),
    }
  }

  #relatedPods(replicaSet: ReplicaSet): Pod[] {
    const owner = controllerOf(replicaSet)?.uid
    const family =
      owner === undefined ? [replicaSet] : this.#replicaSets.byIndex(BY_CONTROLLER, owner)
    return family
      .flatMap(({ metadata }) => this.#pods.byIndex(BY_CONTROLLER, metadata.uid ?? ''))
      .filter(isPodActive)
  }

  /** Creates or deletes pods; resolves with what went wrong, if anything. */
  async #act(snapshot: ReplicaSetSnapshot) {
    const { replicaSet } = snapshot
    const plan = planReplicas(snapshot)
    if (plan.type === 'enough') return undefined
    const creates = plan.type === 'create'
    const error = creates
      ? await this.#podControl.create(replicaSet, plan.count)
      : await this.#podControl.delete(replicaSet, plan.pods)
    if (error === undefined) return undefined
    const reason = creates ? ('FailedCreate' as const) : ('FailedDelete' as const)
    return { condition: { reason, message: describeError(error) }, error }
  }
}
