// The shape that all our controllers share: informers that say which keys to look at, and a queue that
// looks at them once all those informers know the truth.
import { type Reconcile, WorkQueue } from '#base/work-queue.ts'
import type { BackoffRule } from '#base/backoff.ts'
import type { Controller, ControllerContext } from './context.ts'

export interface KeyedControllerOptions {
  name: string
  /** Informers that must have synced before the first key is looked at. */
  needs: readonly { readonly synced: Promise<void> }[]
  reconcile: Reconcile
  workers?: number
  backoff?: BackoffRule
}

export interface KeyedController extends Controller {
  add(key: string): void
  addAfter(key: string, delayMs: number): void
}

export function keyedController(
  { clock, random, log }: ControllerContext,
  { name, needs, reconcile, workers = 4, backoff }: KeyedControllerOptions,
): KeyedController {
  const queue = new WorkQueue({
    name,
    reconcile,
    clock,
    random,
    log: log.child({ controller: name }),
    workers,
    ...(backoff ? { backoff } : {}),
  })
  let stopped = false
  return {
    add: (key) => queue.add(key),
    addAfter: (key, delayMs) => queue.addAfter(key, delayMs),
    start() {
      void Promise.all(needs.map(({ synced }) => synced)).then(() => {
        if (!stopped) queue.start()
      })
    },
    async stop() {
      stopped = true
      await queue.stop()
    },
  }
}
