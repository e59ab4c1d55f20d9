import { isReason } from '#base/errors.ts'
import type { Call, ClusterContext, Outcome } from '../context.ts'
import { apiLimits } from '../limits.ts'
import { inVersion } from '../objects/in-version.ts'
import type { Stored } from '../objects/object-storage.ts'
import { readDeleteOptions } from '../request-options.ts'
import type { ServedResource } from '../resources.ts'
import { shown } from '../resources.ts'
import { readSelection } from '../selection.ts'
import { remove } from './delete.ts'
import { prefixOf } from './list.ts'

/** Deletes what the selectors match; answers with what it deleted. */
export async function deleteCollection(
  context: ClusterContext,
  call: Call,
  resource: ServedResource,
  namespace: string | undefined,
): Promise<Outcome> {
  const options = readDeleteOptions(call)
  const { matches } = readSelection(call.request.query, resource)
  const stored = context.objects.list(prefixOf(resource, namespace))
  const judged = matches === undefined ? stored : await inVersion(resource, stored)
  const selected = stored.filter(
    (_one, index) => matches?.(shown(resource, judged[index]!.object)) !== false,
  )
  const { revision } = context.objects
  const removeOne = async (stored: Stored): Promise<Stored | undefined> => {
    const { object } = stored
    const { name, namespace: where } = object.metadata
    try {
      const target = { resource, namespace: where, name, subresource: undefined }
      await remove(context, call, target, options)
      return stored
    } catch (error) {
      // Someone else deleted it in between: what was wished for is so.
      if (isReason(error, 'NotFound')) return undefined
      throw error
    }
  }
  const items: Stored[] = []
  for (let at = 0; at < selected.length; at += apiLimits.deletesAtOnceMax) {
    const batch = selected.slice(at, at + apiLimits.deletesAtOnceMax)
    const removed = await Promise.all(batch.map(removeOne))
    items.push(...removed.filter((one) => one !== undefined))
  }
  const shownItems = await inVersion(resource, items)
  return {
    type: 'list',
    resource,
    items: shownItems,
    metadata: { resourceVersion: String(revision) },
  }
}
