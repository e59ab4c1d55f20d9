// Creates and deletes the pods of ReplicaSets, and tells what it did: to `expectations`, so that nothing
// is done twice, and to users by Events.
import { StatusError, isReason } from '#base/errors.ts'
import { describeError } from '#base/log.ts'
import type { EventRecorder } from '#client/event-recorder.ts'
import type { Client, ResourceClient } from '#client/types.ts'
import type { ReplicaSet } from '#kinds/k8s/apps.ts'
import type { Pod } from '#kinds/k8s/core.ts'
import { controllerReference } from '#kinds/meta.ts'
import { keyOf } from '#kinds/object.ts'
import { pods as podKind, replicaSets as replicaSetKind } from '#kinds/refs.ts'
import type { Expectations } from './expectations.ts'
import { slowStart } from './slow-start.ts'

export class ReplicaSetPods {
  readonly #pods: ResourceClient<Pod>
  readonly #recorder: EventRecorder
  readonly #expectations: Expectations

  constructor(client: Client, recorder: EventRecorder, expectations: Expectations) {
    this.#pods = client.resource(podKind)
    this.#recorder = recorder
    this.#expectations = expectations
  }

  /** Resolves with the first failure, or undefined. */
  async create(replicaSet: ReplicaSet, count: number): Promise<Error | undefined> {
    const key = keyOf(replicaSet)
    this.#expectations.expectCreations(key, count)
    const { begun, error } = await slowStart(count, async () => {
      try {
        const pod = await this.#pods.create(podOf(replicaSet))
        this.#say(replicaSet, 'SuccessfulCreate', `Created pod: ${pod.metadata.name}`)
      } catch (cause) {
        this.#expectations.creationDone(key)
        if (isNamespaceTerminating(cause)) return
        this.#warn(replicaSet, 'FailedCreate', `Error creating: ${describeError(cause)}`)
        throw cause
      }
    })
    for (let i = begun; i < count; i++) this.#expectations.creationDone(key)
    return error
  }

  /** Resolves with the first failure, or undefined. */
  async delete(replicaSet: ReplicaSet, doomed: readonly Pod[]): Promise<Error | undefined> {
    const key = keyOf(replicaSet)
    const uids = doomed.map(({ metadata }) => metadata.uid ?? '')
    this.#expectations.expectDeletions(key, uids)
    const results = await Promise.allSettled(doomed.map((pod) => this.#deleteOne(replicaSet, pod)))
    return results.find((result) => result.status === 'rejected')?.reason as Error | undefined
  }

  async #deleteOne(replicaSet: ReplicaSet, { metadata }: Pod): Promise<void> {
    const { name, uid = '' } = metadata
    try {
      await this.#pods.delete(metadata, { preconditions: { uid } })
      this.#say(replicaSet, 'SuccessfulDelete', `Deleted pod: ${name}`)
    } catch (cause) {
      this.#expectations.deletionDone(keyOf(replicaSet), uid)
      if (isReason(cause, 'NotFound')) return
      this.#warn(replicaSet, 'FailedDelete', `Error deleting: ${describeError(cause)}`)
      throw cause
    }
  }

  #say(replicaSet: ReplicaSet, reason: string, message: string): void {
    this.#recorder.event(replicaSet, { type: 'Normal', reason, message })
  }

  #warn(replicaSet: ReplicaSet, reason: string, message: string): void {
    this.#recorder.event(replicaSet, { type: 'Warning', reason, message })
  }
}

/** Creations in a namespace that is being deleted fail for good, which is as it should be. */
export const isNamespaceTerminating = (error: unknown): boolean =>
  error instanceof StatusError &&
  (error.details?.causes?.some(({ reason }) => reason === 'NamespaceTerminating') ?? false)

function podOf(replicaSet: ReplicaSet): Pod {
  const { template } = replicaSet.spec
  if (!template?.spec) throw new TypeError(`ReplicaSet "${keyOf(replicaSet)}" has no pod template`)
  const { labels, annotations, finalizers } = template.metadata ?? {}
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      // The server makes the name.
      name: '',
      generateName: `${replicaSet.metadata.name}-`,
      namespace: replicaSet.metadata.namespace,
      labels,
      annotations,
      finalizers,
      ownerReferences: [controllerReference(replicaSet, replicaSetKind)],
    },
    spec: template.spec,
  }
}
