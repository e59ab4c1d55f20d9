// A watch for a caller in the same process: objects as they are, through a bounded queue.
import type { WatchItem, WatchSink } from './sink.ts'

type Open = (sink: WatchSink) => { close(): void }

/** The watch opens at once, not when iteration starts, so that no event is missed in between. */
export function watchStream(
  open: Open,
  { signal, queueEventsMax }: { signal: AbortSignal; queueEventsMax: number },
): AsyncIterable<unknown> {
  const queue: unknown[] = []
  let isOver = signal.aborted
  let wake: (() => void) | undefined
  const rouse = () => {
    wake?.()
    wake = undefined
  }
  const sink: WatchSink = {
    deliver(items) {
      // The initial state comes in one step and may be larger than the queue.
      if (queue.length > 0 && queue.length + items.length > queueEventsMax) return false
      for (const item of items) queue.push(plain(item))
      rouse()
      return true
    },
    end() {
      isOver = true
      rouse()
    },
  }
  const watch = isOver ? undefined : open(sink)
  const stop = () => {
    isOver = true
    queue.length = 0
    watch?.close()
    rouse()
  }
  signal.addEventListener('abort', stop, { once: true })

  return {
    async *[Symbol.asyncIterator]() {
      try {
        for (;;) {
          for (const event of queue.splice(0)) {
            if (signal.aborted) return
            yield event
          }
          if (queue.length > 0) continue
          if (isOver) return
          await new Promise<void>((resolve) => (wake = resolve))
        }
      } finally {
        signal.removeEventListener('abort', stop)
        watch?.close()
      }
    },
  }
}

function plain(item: WatchItem): unknown {
  return item.type === 'ERROR'
    ? { type: item.type, object: item.status }
    : { type: item.type, object: item.object }
}
