// Keeps as many pods of an owner running as it asks for: a ReplicaSet, or a ReplicationController.
import { describeError } from '#base/log.ts'
import type { ReconcileResult } from '#base/work-queue.ts'
import type { Informer } from '#client/types.ts'
import type { Pod } from '#kinds/k8s/core.ts'
import type { LabelSelector } from '#kinds/k8s/meta.ts'
import { matchesLabelSelector } from '#kinds/label-selector.ts'
import { controllerOf, isDeleting } from '#kinds/meta.ts'
import { keyOf } from '#kinds/object.ts'
import { isPodActive } from '#kinds/pod-status.ts'
import type { KindRef } from '#kinds/ref.ts'
import { pods as podKind } from '#kinds/refs.ts'
import { claim } from './claims.ts'
import type { ControllerContext } from './context.ts'
import { BY_CONTROLLER, controllerIndexer, orphansOf } from './controller-index.ts'
import { Expectations } from './expectations.ts'
import { type KeyedController, keyedController } from './keyed-controller.ts'
import { nextAvailableMs } from './pod-availability.ts'
import {
  type ReplicaOwner,
  type ReplicaSnapshot,
  type ReplicaStatus,
  planReplicas,
  replicaStatus,
} from './replica-plan.ts'
import { ReplicaPods } from './replica-pods.ts'
import { writeStatus } from './write-status.ts'

/** What differs between the kinds of owners. */
export interface ReplicaKind<T extends ReplicaOwner> {
  ref: KindRef<T>
  /** Of the queue: "replicaset". */
  name: string
  /** Who its Events come from. */
  component: string
  selectorOf(owner: T): LabelSelector
  /** The status as the kind has it. */
  statusOf(status: ReplicaStatus): NonNullable<T['status']>
}

export class ReplicaController<T extends ReplicaOwner> {
  readonly queue: KeyedController
  readonly #context: ControllerContext
  readonly #expectations: Expectations
  readonly #podControl: ReplicaPods
  readonly #kind: ReplicaKind<T>
  readonly #owners: Informer<T>
  readonly #pods: Informer<Pod>

  constructor(context: ControllerContext, kind: ReplicaKind<T>) {
    this.#kind = kind
    const { client, informers, clock } = context
    this.#context = context
    this.#expectations = new Expectations(clock)
    const recorder = context.recorderFor(kind.component)
    this.#podControl = new ReplicaPods(client, kind.ref, {
      recorder,
      expectations: this.#expectations,
    })
    this.#owners = informers.informer(kind.ref, { indexers: controllerIndexer })
    this.#pods = informers.informer(podKind, { indexers: controllerIndexer })
    this.queue = keyedController(context, {
      name: kind.name,
      needs: [this.#owners, this.#pods],
      reconcile: (key) => this.#reconcile(key),
    })
    this.#watchOwners()
    this.#watchPods()
  }

  #watchOwners(): void {
    this.#owners.on({
      added: (owner) => this.queue.add(keyOf(owner)),
      updated: (owner) => this.queue.add(keyOf(owner)),
      deleted: (owner) => this.#expectations.forget(keyOf(owner)),
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

  #ownerOf(pod: Pod): T | undefined {
    const reference = controllerOf(pod)
    if (reference?.kind !== this.#kind.ref.kind) return undefined
    const owner = this.#owners.get(`${pod.metadata.namespace ?? ''}/${reference.name}`)
    return owner?.metadata.uid === reference.uid ? owner : undefined
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
    for (const other of this.#owners.list(pod.metadata.namespace))
      if (matchesLabelSelector(this.#kind.selectorOf(other), pod.metadata.labels))
        this.queue.add(keyOf(other))
  }

  async #reconcile(key: string): Promise<ReconcileResult> {
    const owner = this.#owners.get(key)
    if (!owner) return
    const mayAct = this.#expectations.areMet(key) && !isDeleting(owner)
    const snapshot = await this.#observe(owner)
    const failed = mayAct ? await this.#act(snapshot) : undefined
    await writeStatus(
      this.#context.client.resource(this.#kind.ref),
      owner,
      this.#kind.statusOf(replicaStatus(snapshot, failed?.condition)),
    )
    if (failed) throw failed.error
    const { minReadySeconds = 0 } = owner.spec
    const afterMs = nextAvailableMs(snapshot.active, minReadySeconds, snapshot.nowMs)
    return afterMs === undefined ? undefined : { afterMs }
  }

  async #observe(owner: T): Promise<ReplicaSnapshot<T>> {
    const { client, clock } = this.#context
    const { uid = '', namespace } = owner.metadata
    const own = this.#pods.byIndex(BY_CONTROLLER, uid)
    const orphans = this.#pods.byIndex(BY_CONTROLLER, orphansOf(namespace))
    const active = await claim(
      client,
      { object: owner, kind: this.#kind.ref, selector: this.#kind.selectorOf(owner) },
      { objects: [...own, ...orphans].filter(isPodActive), kind: podKind },
    )
    return {
      owner,
      active,
      terminating: own.filter(isDeleting),
      related: this.#relatedPods(owner),
      nowMs: clock.now(),
    }
  }

  #relatedPods(owner: T): Pod[] {
    const grandparent = controllerOf(owner)?.uid
    const family =
      grandparent === undefined ? [owner] : this.#owners.byIndex(BY_CONTROLLER, grandparent)
    return family
      .flatMap(({ metadata }) => this.#pods.byIndex(BY_CONTROLLER, metadata.uid ?? ''))
      .filter(isPodActive)
  }

  /** Creates or deletes pods; resolves with what went wrong, if anything. */
  async #act(snapshot: ReplicaSnapshot<T>) {
    const { owner } = snapshot
    const plan = planReplicas(snapshot)
    if (plan.type === 'enough') return undefined
    const creates = plan.type === 'create'
    const error = creates
      ? await this.#podControl.create(owner, plan.count)
      : await this.#podControl.delete(owner, plan.pods)
    if (error === undefined) return undefined
    const reason = creates ? ('FailedCreate' as const) : ('FailedDelete' as const)
    return { condition: { reason, message: describeError(error) }, error }
  }
}
