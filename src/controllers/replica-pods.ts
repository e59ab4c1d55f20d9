// Creates and deletes the pods of ReplicaSets and their like, and tells what it did: to `expectations`, so that nothing
// is done twice, and to users by Events.
import { isReason } from '#base/errors.ts'
import { describeError } from '#base/log.ts'
import type { EventRecorder } from '#client/event-recorder.ts'
import type { Client, ResourceClient } from '#client/types.ts'
import type { Pod } from '#kinds/k8s/core.ts'
import { controllerReference } from '#kinds/meta.ts'
import { keyOf } from '#kinds/object.ts'
import type { KindRef } from '#kinds/ref.ts'
import { pods as podKind } from '#kinds/refs.ts'
import type { Expectations } from './expectations.ts'
import { isNamespaceTerminating } from './namespace-terminating.ts'
import type { ReplicaOwner } from './replica-plan.ts'
import { slowStart } from './slow-start.ts'

export class ReplicaPods {
  readonly #pods: ResourceClient<Pod>
  readonly #recorder: EventRecorder
  readonly #expectations: Expectations
  readonly #kind: KindRef

  constructor(
    client: Client,
    kind: KindRef,
    { recorder, expectations }: { recorder: EventRecorder; expectations: Expectations },
  ) {
    this.#kind = kind
    this.#pods = client.resource(podKind)
    this.#recorder = recorder
    this.#expectations = expectations
  }

  /** Resolves with the first failure, or undefined. */
  async create(owner: ReplicaOwner, count: number): Promise<Error | undefined> {
    const key = keyOf(owner)
    this.#expectations.expectCreations(key, count)
    const { begun, error } = await slowStart(count, async () => {
      try {
        const pod = await this.#pods.create(podOf(owner, this.#kind))
        this.#say(owner, 'SuccessfulCreate', `Created pod: ${pod.metadata.name}`)
      } catch (cause) {
        this.#expectations.creationDone(key)
        if (isNamespaceTerminating(cause)) return
        this.#warn(owner, 'FailedCreate', `Error creating: ${describeError(cause)}`)
        throw cause
      }
    })
    for (let i = begun; i < count; i++) this.#expectations.creationDone(key)
    return error
  }

  /** Resolves with the first failure, or undefined. */
  async delete(owner: ReplicaOwner, doomed: readonly Pod[]): Promise<Error | undefined> {
    const key = keyOf(owner)
    const uids = doomed.map(({ metadata }) => metadata.uid ?? '')
    this.#expectations.expectDeletions(key, uids)
    const results = await Promise.allSettled(doomed.map((pod) => this.#deleteOne(owner, pod)))
    return results.find((result) => result.status === 'rejected')?.reason as Error | undefined
  }

  async #deleteOne(owner: ReplicaOwner, { metadata }: Pod): Promise<void> {
    const { name, uid = '' } = metadata
    try {
      await this.#pods.delete(metadata, { preconditions: { uid } })
      this.#say(owner, 'SuccessfulDelete', `Deleted pod: ${name}`)
    } catch (cause) {
      this.#expectations.deletionDone(keyOf(owner), uid)
      if (isReason(cause, 'NotFound')) return
      this.#warn(owner, 'FailedDelete', `Error deleting: ${describeError(cause)}`)
      throw cause
    }
  }

  #say(owner: ReplicaOwner, reason: string, message: string): void {
    this.#recorder.event(owner, { type: 'Normal', reason, message })
  }

  #warn(owner: ReplicaOwner, reason: string, message: string): void {
    this.#recorder.event(owner, { type: 'Warning', reason, message })
  }
}

function podOf(owner: ReplicaOwner, kind: KindRef): Pod {
  const { template } = owner.spec
  if (!template?.spec) throw new TypeError(`${kind.kind} "${keyOf(owner)}" has no pod template`)
  const { labels, annotations, finalizers } = template.metadata ?? {}
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      // The server makes the name.
      name: '',
      generateName: `${owner.metadata.name}-`,
      namespace: owner.metadata.namespace,
      labels,
      annotations,
      finalizers,
      ownerReferences: [controllerReference(owner, kind)],
    },
    spec: template.spec,
  }
}
