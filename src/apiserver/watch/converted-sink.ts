// Converts the events of a watch on their way: in their order, and while the ones before are under way.
import { StatusError } from '#base/errors.ts'
import { internalError, statusOf } from '../api-errors.ts'
import type { KubeObject } from '#kinds/object.ts'
import { withRevision } from '../objects/object-storage.ts'
import type { ServedResource } from '../resources.ts'
import type { Selection } from '../selection.ts'
import type { WatchEvent, WatchItem, WatchSink } from './sink.ts'

export interface ConvertedSinkOptions {
  resource: ServedResource
  /** Which of the converted objects the watch is about; absent: all. Needs what objects were before. */
  matches: Selection['matches']
  /** Events that may wait for their conversion. */
  eventsMax: number
  /** Ends the watch behind the sink. */
  stop: () => void
}

/** What cannot be converted ends the watch with an ERROR: the watcher lists again. */
export function convertedSink(
  sink: WatchSink,
  { resource, matches, eventsMax, stop }: ConvertedSinkOptions,
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
      const converted = await convert(resource, items)
      const told =
        matches === undefined ? converted : converted.flatMap((item) => judge(item, matches))
      if (told.length > 0 && !sink.deliver(told)) end()
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

const isEvent = (item: WatchItem): item is WatchEvent =>
  // A bookmark has no object, only a version.
  item.type !== 'ERROR' && item.type !== 'BOOKMARK'

async function convert(
  { conversion, apiVersion }: ServedResource,
  items: readonly WatchItem[],
): Promise<WatchItem[]> {
  if (conversion === undefined) return [...items]
  const objects = items
    .filter(isEvent)
    .flatMap(({ object, previous }) => (previous === undefined ? [object] : [object, previous]))
  const done = await conversion.convert(objects, apiVersion)
  const shown = (original: KubeObject) => conversion.complete(done.shift()!, original)
  return items.map((item) => {
    if (!isEvent(item)) return item
    const { bytes, previous, ...rest } = item
    const object = shown(item.object)
    return {
      ...rest,
      object,
      ...(bytes !== undefined && object === item.object ? { bytes } : {}),
      ...(previous === undefined ? {} : { previous: shown(previous) }),
    }
  })
}

/** What the change is to somebody who knows the selected objects only: none, where it is about others. */
function judge(item: WatchItem, matches: NonNullable<Selection['matches']>): WatchItem[] {
  if (!isEvent(item)) return [item]
  const { previous, ...event } = item
  const isIn = matches(event.object)
  if (previous === undefined) return isIn ? [event] : []
  const wasIn = matches(previous)
  if (isIn) return [{ ...event, type: wasIn ? 'MODIFIED' : 'ADDED' }]
  if (!wasIn) return []
  const { bytes: _bytes, ...gone } = event
  return [{ ...gone, type: 'DELETED', object: withRevision(previous, event.revision) }]
}
