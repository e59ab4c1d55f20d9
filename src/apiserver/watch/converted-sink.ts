// Converts the events of a watch on their way: in their order, and while the ones before are under way.
import { StatusError } from '#base/errors.ts'
import { internalError, statusOf } from '../api-errors.ts'
import type { ServedResource } from '../resources.ts'
import type { WatchItem, WatchSink } from './sink.ts'

export interface ConvertedSinkOptions {
  resource: ServedResource
  /** Events that may wait for their conversion. */
  eventsMax: number
  /** Ends the watch behind the sink. */
  stop: () => void
}

/** What cannot be converted ends the watch with an ERROR: the watcher lists again. */
export function convertedSink(
  sink: WatchSink,
  { resource, eventsMax, stop }: ConvertedSinkOptions,
): WatchSink {
  let waiting = 0
  let isOver = false
  let tail: Promise<void> = Promise.resolve()
  const end = () => {
    if (isOver) return
    isOver = true
    stop()
    sink.end()
  }
  const pass = async (items: readonly WatchItem[]) => {
    if (isOver) return
    try {
      if (!sink.deliver(await converted(resource, items))) end()
    } catch (error) {
      const status = error instanceof StatusError ? error : internalError(String(error), error)
      sink.deliver([{ type: 'ERROR', status: statusOf(status) }])
      end()
    } finally {
      waiting -= items.length
    }
  }
  return {
    deliver(items) {
      // The initial state comes in one step and may be larger.
      if (isOver || (waiting > 0 && waiting + items.length > eventsMax)) return false
      waiting += items.length
      tail = tail.then(() => pass(items))
      return true
    },
    end: () => void (tail = tail.then(end)),
  }
}

async function converted(
  { conversion, apiVersion }: ServedResource,
  items: readonly WatchItem[],
): Promise<WatchItem[]> {
  if (conversion === undefined) return [...items]
  // A bookmark has no object, only a version.
  const isObject = (item: WatchItem) => item.type !== 'ERROR' && item.type !== 'BOOKMARK'
  const objects = items.flatMap((item) => (isObject(item) && 'object' in item ? [item.object] : []))
  const done = await conversion.convert(objects, apiVersion)
  return items.map((item) => {
    if (!isObject(item) || !('object' in item)) return item
    const object = conversion.complete(done.shift()!, item.object)
    if (object === item.object) return item
    const { bytes: _bytes, ...rest } = item
    return { ...rest, object }
  })
}
