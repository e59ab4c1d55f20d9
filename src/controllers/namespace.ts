// Empties namespaces that are being deleted, pods first, and lets go of them when nothing is left.
import { isReason } from '#base/errors.ts'
import { limits } from '#base/limits.ts'
import { describeError } from '#base/log.ts'
import type { ReconcileResult } from '#base/work-queue.ts'
import type { Namespace, NamespaceCondition } from '#kinds/k8s/core.ts'
import { isDeleting, withCondition } from '#kinds/meta.ts'
import type { KubeObject } from '#kinds/object.ts'
import type { KindRef } from '#kinds/ref.ts'
import { namespaces as namespaceKind, pods as podKind } from '#kinds/refs.ts'
import type { Controller, ControllerContext } from './context.ts'
import { type DiscoveredKind, canBeManaged, discoverKinds } from './discovery.ts'
import { keyedController } from './keyed-controller.ts'
import { writeStatus } from './write-status.ts'

const FINALIZER = 'kubernetes'
/** Between two looks at what is left; pods take their time to end. */
const LOOK_AGAIN_MS = 300
const DELETES_AT_ONCE = 20

/** What is left of a namespace: counts by resource, such as "pods". */
type Remaining = Map<string, number>

export function createNamespaceController(context: ControllerContext): Controller {
  const { client, informers, clock } = context
  const namespaces = informers.informer(namespaceKind)
  const controller = keyedController(context, {
    name: 'namespace',
    needs: [namespaces],
    reconcile,
  })
  const changed = (namespace: Namespace) => {
    if (isDeleting(namespace)) controller.add(namespace.metadata.name)
  }
  namespaces.on({ added: changed, updated: changed })
  return controller

  async function reconcile(name: string): Promise<ReconcileResult> {
    const namespace = namespaces.get(name)
    if (!namespace || !isDeleting(namespace)) return
    if (!namespace.spec.finalizers?.includes(FINALIZER)) return
    const kinds = (await discoverKinds(client)).filter((kind) => kind.namespaced)
    const remaining = await empty(name, kinds.filter(canBeManaged))
    if (remaining.size === 0) return finalize(namespace)
    await writeStatus(client.resource(namespaceKind), namespace, {
      ...namespace.status,
      phase: 'Terminating',
      conditions: remainingConditions(namespace, remaining, clock.now()),
    })
    return { afterMs: LOOK_AGAIN_MS }
  }

  /** Deletes what there is; resolves with what has yet to go. */
  async function empty(name: string, kinds: readonly DiscoveredKind[]): Promise<Remaining> {
    // While pods run they may need their Secrets, volumes and accounts.
    const pods = await deleteAll(podKind, name)
    if (pods > 0) return new Map([['pods', pods]])
    const remaining: Remaining = new Map()
    for (const kind of kinds) {
      const left = await deleteAll(kind, name)
      const resource = kind.group === '' ? kind.plural : `${kind.plural}.${kind.group}`
      if (left > 0) remaining.set(resource, left)
    }
    return remaining
  }

  /** Deletes all objects of a kind in a namespace; resolves with how many stay for now. */
  async function deleteAll(kind: KindRef, namespace: string): Promise<number> {
    const resource = client.resource(kind)
    const page = { namespace, limit: limits.listPageItems }
    const { items } = await resource.list(page)
    const doomed = items.filter((object) => !isDeleting(object))
    for (let i = 0; i < doomed.length; i += DELETES_AT_ONCE)
      await Promise.all(doomed.slice(i, i + DELETES_AT_ONCE).map((object) => remove(kind, object)))
    if (items.length === 0) return 0
    const { items: left, metadata } = await resource.list(page)
    return left.length + (metadata.remainingItemCount ?? 0)
  }

  async function remove(kind: KindRef, { metadata }: KubeObject): Promise<void> {
    try {
      await client.resource(kind).delete(metadata, { propagationPolicy: 'Background' })
    } catch (error) {
      if (isReason(error, 'NotFound')) return
      const message = `${kind.plural} "${metadata.name}" could not be deleted: ${describeError(error)}`
      throw new Error(message, { cause: error })
    }
  }

  async function finalize(namespace: Namespace): Promise<void> {
    const finalizers = (namespace.spec.finalizers ?? []).filter((name) => name !== FINALIZER)
    const body = { ...namespace, spec: { ...namespace.spec, finalizers } }
    try {
      await client.resource(namespaceKind).subresource('PUT', namespace.metadata, 'finalize', body)
    } catch (error) {
      if (!isReason(error, 'NotFound')) throw error
    }
  }
}

function remainingConditions(
  { status }: Namespace,
  remaining: Remaining,
  nowMs: number,
): NamespaceCondition[] {
  const parts = [...remaining].map(
    ([resource, count]) => `${resource} has ${count} resource instances`,
  )
  return withCondition<NamespaceCondition>(
    status?.conditions,
    {
      type: 'NamespaceContentRemaining',
      status: 'True',
      reason: 'SomeResourcesRemain',
      message: `Some resources are remaining: ${parts.join(', ')}`,
    },
    nowMs,
  )
}
