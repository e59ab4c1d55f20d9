// A controller that now and then removes the objects of a kind whose time is over. It reads them in pages instead of by an
// informer: nothing else needs all of them in memory.
import { isReason } from '#base/errors.ts'
import { limits } from '#base/limits.ts'
import type { ReconcileResult } from '#base/work-queue.ts'
import type { KubeObject } from '#kinds/object.ts'
import type { KindRef } from '#kinds/ref.ts'
import type { Controller, ControllerContext } from './context.ts'
import { keyedController } from './keyed-controller.ts'

export interface ExpirySweep<T extends KubeObject> {
  name: string
  kind: KindRef<T>
  intervalMs: number
  isOver: (object: T, nowMs: number) => boolean
}

const SWEEP = 'sweep'

export function createExpirySweep<T extends KubeObject>(
  context: ControllerContext,
  { name, kind, intervalMs, isOver }: ExpirySweep<T>,
): Controller {
  const { client, clock } = context
  const resource = client.resource(kind)
  const controller = keyedController(context, { name, needs: [], reconcile: sweep })
  controller.add(SWEEP)
  return controller

  async function sweep(_key: string, signal: AbortSignal): Promise<ReconcileResult> {
    const nowMs = clock.now()
    let next: string | undefined
    do {
      const { items, metadata } = await resource.list({
        limit: limits.listPageItems,
        ...(next === undefined ? {} : { continue: next }),
      })
      for (const object of items) if (isOver(object, nowMs)) await remove(object)
      next = metadata.continue || undefined
    } while (next !== undefined && !signal.aborted)
    return { afterMs: intervalMs }
  }

  async function remove({ metadata }: T): Promise<void> {
    try {
      await resource.delete(metadata)
    } catch (error) {
      if (!isReason(error, 'NotFound')) throw error
    }
  }
}
