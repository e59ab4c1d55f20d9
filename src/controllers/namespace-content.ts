// Deletes what is in a namespace, pods first, and tells how far that has come.
import { isReason } from '#base/errors.ts'
import { limits } from '#base/limits.ts'
import { describeError } from '#base/log.ts'
import type { Client, ResourceClient } from '#client/types.ts'
import { isDeleting } from '#kinds/meta.ts'
import type { KubeObject } from '#kinds/object.ts'
import type { KindRef } from '#kinds/ref.ts'
import { pods as podKind } from '#kinds/refs.ts'
import { canBeManaged, discoverKinds } from './discovery.ts'
import type { ContentReport } from './namespace-conditions.ts'

const DELETES_AT_ONCE = 20

/** What stays of one kind for now. */
interface Left {
  count: number
  finalizers: readonly string[]
}

/** Deletes what there is; resolves with what has yet to go. What fails of one kind stops no other. */
export async function emptyNamespace(client: Client, namespace: string): Promise<ContentReport> {
  const { kinds, failures: undiscovered } = await discoverKinds(client)
  const remaining = new Map<string, number>()
  const finalizers = new Map<string, number>()
  const failures: string[] = []
  const report: ContentReport = {
    undiscovered: undiscovered.map(
      ({ group, version, message }) => `${group}/${version}: ${message}`,
    ),
    failures,
    remaining,
    finalizers,
  }
  const clear = async (kind: KindRef): Promise<void> => {
    try {
      const left = await deleteAll(client, kind, namespace)
      if (left.count > 0) remaining.set(`${kind.plural}.${kind.group}`, left.count)
      for (const finalizer of left.finalizers)
        finalizers.set(finalizer, (finalizers.get(finalizer) ?? 0) + 1)
    } catch (error) {
      failures.push(describeError(error))
    }
  }
  // While pods run they may need their Secrets, volumes and accounts.
  await clear(podKind)
  if (remaining.size > 0 || failures.length > 0) return report
  for (const kind of kinds) if (kind.namespaced && canBeManaged(kind)) await clear(kind)
  return report
}

/** Deletes all objects of a kind in a namespace; resolves with what stays for now. */
async function deleteAll(client: Client, kind: KindRef, namespace: string): Promise<Left> {
  const resource = client.resource(kind)
  const page = { namespace, limit: limits.listPageItems }
  const { items } = await resource.list(page)
  const doomed = items.filter((object) => !isDeleting(object))
  for (let i = 0; i < doomed.length; i += DELETES_AT_ONCE)
    await Promise.all(
      doomed.slice(i, i + DELETES_AT_ONCE).map((object) => remove(resource, kind, object)),
    )
  if (items.length === 0) return { count: 0, finalizers: [] }
  const { items: left, metadata } = await resource.list(page)
  return {
    count: left.length + (metadata.remainingItemCount ?? 0),
    finalizers: left.flatMap((object) => object.metadata.finalizers ?? []),
  }
}

async function remove(
  resource: ResourceClient<KubeObject>,
  { plural }: KindRef,
  { metadata }: KubeObject,
): Promise<void> {
  try {
    await resource.delete(metadata, { propagationPolicy: 'Background' })
  } catch (error) {
    if (isReason(error, 'NotFound')) return
    throw new Error(`${plural} "${metadata.name}" could not be deleted`, { cause: error })
  }
}
