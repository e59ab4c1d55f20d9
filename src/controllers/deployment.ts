// Rolls a Deployment's pod template out over ReplicaSets, one per revision.
import { isReason } from '#base/errors.ts'
import { describeError } from '#base/log.ts'
import type { ReconcileResult } from '#base/work-queue.ts'
import type { EventRecorder } from '#client/event-recorder.ts'
import type { Informer, ResourceClient } from '#client/types.ts'
import type { Deployment, ReplicaSet } from '#kinds/k8s/apps.ts'
import type { Pod } from '#kinds/k8s/core.ts'
import { matchesLabelSelector } from '#kinds/label-selector.ts'
import { controllerOf, isControlledBy } from '#kinds/meta.ts'
import { keyOf } from '#kinds/object.ts'
import {
  deployments as deploymentKind,
  pods as podKind,
  replicaSets as replicaSetKind,
} from '#kinds/refs.ts'
import { claim } from './claims.ts'
import type { Controller, ControllerContext } from './context.ts'
import { BY_CONTROLLER, controllerIndexer, orphansOf } from './controller-index.ts'
import { type DeploymentPlan, planDeployment } from './deployment-plan.ts'
import { withDeploymentCondition } from './deployment-status.ts'
import { type KeyedController, keyedController } from './keyed-controller.ts'
import { isSameTemplate } from './pod-template-hash.ts'
import { REVISION } from './replica-set-annotations.ts'
import { isNamespaceTerminating } from './namespace-terminating.ts'
import { specReplicas } from './rollout-size.ts'
import { writeStatus } from './write-status.ts'

export function createDeploymentController(context: ControllerContext): Controller {
  return new DeploymentController(context).queue
}

class DeploymentController {
  readonly queue: KeyedController
  readonly #context: ControllerContext
  readonly #recorder: EventRecorder
  readonly #deployments: Informer<Deployment>
  readonly #replicaSets: Informer<ReplicaSet>
  readonly #pods: Informer<Pod>
  readonly #deploymentClient: ResourceClient<Deployment>
  readonly #replicaSetClient: ResourceClient<ReplicaSet>

  constructor(context: ControllerContext) {
    const { client, informers } = context
    this.#context = context
    this.#recorder = context.recorderFor('deployment-controller')
    this.#deployments = informers.informer(deploymentKind)
    this.#replicaSets = informers.informer(replicaSetKind, { indexers: controllerIndexer })
    this.#pods = informers.informer(podKind, { indexers: controllerIndexer })
    this.#deploymentClient = client.resource(deploymentKind)
    this.#replicaSetClient = client.resource(replicaSetKind)
    this.queue = keyedController(context, {
      name: 'deployment',
      needs: [this.#deployments, this.#replicaSets, this.#pods],
      reconcile: (key) => this.#reconcile(key),
    })
    this.#watch()
  }

  #watch(): void {
    this.#deployments.on({
      added: (deployment) => this.queue.add(keyOf(deployment)),
      updated: (deployment) => this.queue.add(keyOf(deployment)),
    })
    this.#replicaSets.on({
      added: (set) => this.#changed(set),
      updated: (set, old) => {
        if (controllerOf(old)?.uid !== controllerOf(set)?.uid) this.#changed(old)
        this.#changed(set)
      },
      deleted: (set) => this.#changed(set),
    })
    // Recreate waits for the last pod of the old template to end.
    const podEnded = (pod: Pod) => {
      const owner = controllerOf(pod)
      const set = this.#replicaSets.get(`${pod.metadata.namespace ?? ''}/${owner?.name ?? ''}`)
      if (set && set.metadata.uid === owner?.uid) this.#changed(set)
    }
    this.#pods.on({
      updated: (pod, old) => {
        if (pod.status?.phase !== old.status?.phase) podEnded(pod)
      },
      deleted: podEnded,
    })
  }

  /** Asks for a look at whoever owns the set, or might adopt it. */
  #changed(set: ReplicaSet): void {
    const { namespace, labels } = set.metadata
    const owner = controllerOf(set)
    if (owner?.kind === 'Deployment') this.queue.add(`${namespace ?? ''}/${owner.name}`)
    if (owner) return
    for (const deployment of this.#deployments.list(namespace))
      if (matchesLabelSelector(deployment.spec.selector, labels)) this.queue.add(keyOf(deployment))
  }

  async #reconcile(key: string): Promise<ReconcileResult> {
    const deployment = this.#deployments.get(key)
    if (!deployment) return
    const { uid = '', namespace } = deployment.metadata
    const own = this.#replicaSets.byIndex(BY_CONTROLLER, uid)
    const orphans = this.#replicaSets.byIndex(BY_CONTROLLER, orphansOf(namespace))
    const replicaSets = await claim(
      this.#context.client,
      { object: deployment, kind: deploymentKind, selector: deployment.spec.selector },
      { objects: [...own, ...orphans], kind: replicaSetKind },
    )
    const plan = planDeployment({
      deployment,
      replicaSets,
      podsOf: ({ metadata }) => this.#pods.byIndex(BY_CONTROLLER, metadata.uid ?? ''),
      nowMs: this.#context.clock.now(),
    })
    await this.#carryOut(deployment, plan)
    return plan.afterMs === undefined ? undefined : { afterMs: plan.afterMs }
  }

  async #carryOut(deployment: Deployment, plan: DeploymentPlan): Promise<void> {
    if (plan.create && !(await this.#create(deployment, plan.create))) return
    for (const { from, to } of plan.updates) {
      await this.#replicaSetClient.update(to)
      this.#noteScaled(deployment, to, { from: specReplicas(from), to: specReplicas(to) })
    }
    for (const set of plan.deletes) await this.#delete(set)
    const noted =
      plan.revision === undefined ? deployment : await this.#noteRevision(deployment, plan.revision)
    await writeStatus(this.#deploymentClient, noted, plan.status)
  }

  #noteScaled(
    deployment: Deployment,
    { metadata }: ReplicaSet,
    size: { from: number; to: number },
  ): void {
    if (size.from === size.to) return
    const direction = size.to > size.from ? 'up' : 'down'
    const message = `Scaled ${direction} replica set ${metadata.name} from ${size.from} to ${size.to}`
    this.#recorder.event(deployment, { type: 'Normal', reason: 'ScalingReplicaSet', message })
  }

  async #noteRevision(deployment: Deployment, revision: string): Promise<Deployment> {
    const { uid } = deployment.metadata
    const metadata = { uid, annotations: { [REVISION]: revision } }
    return this.#deploymentClient.patch(deployment.metadata, { metadata })
  }

  async #delete({ metadata }: ReplicaSet): Promise<void> {
    const { uid = '', resourceVersion = '' } = metadata
    try {
      const preconditions = { uid, resourceVersion }
      await this.#replicaSetClient.delete(metadata, { preconditions })
    } catch (error) {
      if (!isReason(error, 'NotFound')) throw error
    }
  }

  /** Makes the newest ReplicaSet; false when the rest of the plan makes no sense any more. */
  async #create(deployment: Deployment, set: ReplicaSet): Promise<boolean> {
    try {
      const made = await this.#replicaSetClient.create(set)
      this.#noteScaled(deployment, made, { from: 0, to: specReplicas(made) })
      return true
    } catch (error) {
      if (isNamespaceTerminating(error)) return false
      if (isReason(error, 'AlreadyExists')) return this.#resolveCollision(deployment, set)
      const { name } = set.metadata
      const message = `Failed to create new replica set "${name}": ${describeError(error)}`
      this.#recorder.event(deployment, {
        type: 'Warning',
        reason: 'ReplicaSetCreateError',
        message,
      })
      const condition = {
        type: 'Progressing',
        status: 'False',
        reason: 'ReplicaSetCreateError',
        message,
      }
      const nowMs = this.#context.clock.now()
      const conditions = withDeploymentCondition(
        deployment.status?.conditions ?? [],
        condition,
        nowMs,
      )
      const status = { ...deployment.status, conditions: [...conditions] }
      await writeStatus(this.#deploymentClient, deployment, status)
      throw error
    }
  }

  /** The name is taken: by our own set that the informer has yet to show, or by a stranger. */
  async #resolveCollision(deployment: Deployment, set: ReplicaSet): Promise<boolean> {
    const existing = await this.#replicaSetClient.get(set.metadata)
    const isOurs = isControlledBy(existing, deployment)
    const { template } = existing.spec
    if (isOurs && template && isSameTemplate(template, deployment.spec.template)) return true
    const collisionCount = (deployment.status?.collisionCount ?? 0) + 1
    await writeStatus(this.#deploymentClient, deployment, { ...deployment.status, collisionCount })
    return false
  }
}
