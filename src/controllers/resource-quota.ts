// Keeps the status of quotas right. The API charges a quota in the commit that stores an object; here is
// seen to what only takes away, to new bounds, and to what was there before the quota.
import { isReason } from '#base/errors.ts'
import type { ReconcileResult } from '#base/work-queue.ts'
import { retryOnConflict } from '#client/retry-on-conflict.ts'
import type { Informer, Place } from '#client/types.ts'
import type { CustomResourceDefinition } from '#kinds/k8s/apiextensions.ts'
import type { ResourceQuota } from '#kinds/k8s/core.ts'
import { type KubeObject, keyOf } from '#kinds/object.ts'
import { equalAmounts } from '#kinds/quota/amounts.ts'
import type { GroupResource } from '#kinds/quota/usage.ts'
import type { KindRef } from '#kinds/ref.ts'
import { customResourceDefinitions as crdKind, resourceQuotas as quotaKind } from '#kinds/refs.ts'
import { deepEqual } from '#kinds/validate/equal.ts'
import type { Controller, ControllerContext } from './context.ts'
import { FollowedKinds, builtInKind, kindId } from './followed-kinds.ts'
import { type KeyedController, keyedController } from './keyed-controller.ts'
import {
  type Counted,
  countedKinds,
  countsOtherwise,
  isSameStatus,
  recountedStatus,
} from './quota-recount.ts'

/** Each quota is counted anew after this time, whatever happened. */
const RECOUNT_AFTER_MS = 5 * 60_000
/** Until the informer of a kind that no quota counted before tells of what goes. */
const WAIT_FOR_SYNC_MS = 200

export function createResourceQuotaController(context: ControllerContext): Controller {
  return new ResourceQuotaController(context)
}

class ResourceQuotaController implements Controller {
  readonly #context: ControllerContext
  readonly #queue: KeyedController
  readonly #quotas: Informer<ResourceQuota>
  readonly #definitions: Informer<CustomResourceDefinition>
  readonly #followed: FollowedKinds

  constructor(context: ControllerContext) {
    this.#context = context
    this.#quotas = context.informers.informer(quotaKind)
    this.#definitions = context.informers.informer(crdKind)
    this.#followed = new FollowedKinds(context, {
      indexers: {},
      handlerFor: (kind) => ({
        deleted: ({ metadata }) => this.#addAll(metadata.namespace),
        updated: (object, old) => this.#changed(kind, object, old),
      }),
    })
    this.#queue = keyedController(context, {
      name: 'resourcequota',
      needs: [this.#quotas, this.#definitions],
      reconcile: (key) => this.#reconcile(key),
    })
    this.#quotas.on({
      added: (quota) => this.#queue.add(keyOf(quota)),
      // A status is ours or the API's own: looking at each charge would undo nothing but cost much.
      updated: (quota, old) => {
        if (!deepEqual(quota.spec, old.spec)) this.#queue.add(keyOf(quota))
      },
    })
    const all = () => this.#addAll(undefined)
    this.#definitions.on({ added: all, deleted: all })
  }

  start(): void {
    this.#queue.start()
  }

  async stop(): Promise<void> {
    await this.#queue.stop()
    await this.#followed.stop()
  }

  #addAll(namespace: string | undefined): void {
    for (const quota of this.#quotas.list(namespace)) this.#queue.add(keyOf(quota))
  }

  #changed({ group, plural }: KindRef, object: KubeObject, old: KubeObject): void {
    const nowMs = this.#context.clock.now()
    const change = { group, resource: plural, object, old, nowMs }
    for (const quota of this.#quotas.list(object.metadata.namespace))
      if (countsOtherwise(quota, change)) this.#queue.add(keyOf(quota))
  }

  async #reconcile(key: string): Promise<ReconcileResult> {
    const quota = this.#quotas.get(key)
    if (!quota) return
    await this.#follow()
    // What was written before the status told of a bound was not charged: that is counted once it does.
    if (await this.#recount(quota.metadata)) await this.#recount(quota.metadata)
    return { afterMs: this.#hearsOfAll(quota) ? RECOUNT_AFTER_MS : WAIT_FOR_SYNC_MS }
  }

  #hearsOfAll(quota: ResourceQuota): boolean {
    return countedKinds(quota).every(({ group, resource }) => {
      const followed = this.#followed.get(kindId({ group, plural: resource }))
      return followed === undefined || followed.informer.hasSynced
    })
  }

  /** Hears of every kind that some quota counts. */
  #follow(): Promise<void> {
    const wanted = this.#quotas.list().flatMap(countedKinds)
    return this.#followed.set(wanted.flatMap((kind) => this.#kindOf(kind) ?? []))
  }

  #kindOf({ group, resource }: GroupResource): KindRef | undefined {
    const id = kindId({ group, plural: resource })
    const known = builtInKind(id) ?? customKind(this.#definitions.get(`${resource}.${group}`))
    return known?.namespaced ? known : undefined
  }

  /**
   * Writes the status as it should be; resolves with whether its bounds are new. What is counted is at
   * least as new as the quota, and a charge since is a conflict, so that no object is missed.
   */
  async #recount(place: Place): Promise<boolean> {
    const quotas = this.#context.client.resource(quotaKind)
    let isNew = false
    try {
      await retryOnConflict(async () => {
        const quota = await quotas.get(place)
        const counted = await this.#count(quota)
        const status = recountedStatus(quota, counted, this.#context.clock.now())
        if (isSameStatus(quota.status, status)) return
        await quotas.updateStatus({ ...quota, status })
        isNew = !equalAmounts(quota.status?.hard ?? {}, status.hard ?? {})
      })
    } catch (error) {
      if (!isReason(error, 'NotFound')) throw error
    }
    return isNew
  }

  async #count(quota: ResourceQuota): Promise<Counted[]> {
    const counted: Counted[] = []
    for (const kind of countedKinds(quota)) {
      const ref = this.#kindOf(kind)
      const objects = ref && (await this.#objectsOf(ref, quota.metadata.namespace))
      if (objects !== undefined) counted.push({ ...kind, objects })
    }
    return counted
  }

  /** Undefined when the kind is not served. */
  async #objectsOf(
    kind: KindRef,
    namespace: string | undefined,
  ): Promise<readonly KubeObject[] | undefined> {
    try {
      return (await this.#context.client.resource(kind).list({ namespace })).items
    } catch (error) {
      if (isReason(error, 'NotFound')) return undefined
      throw error
    }
  }
}

function customKind(definition: CustomResourceDefinition | undefined): KindRef | undefined {
  const version = definition?.spec.versions.find(({ served }) => served)
  if (definition === undefined || version === undefined) return undefined
  const { group, names, scope } = definition.spec
  return {
    group,
    version: version.name,
    kind: names.kind,
    plural: names.plural,
    namespaced: scope === 'Namespaced',
  }
}
