// Hands events to those who watch a prefix.
import type { Logger } from '#base/log.ts'
import type { StoreEvent, StoreWatch, WatchHandler } from './types.ts'

interface Watcher {
  prefix: string
  /** Everything up to this revision was delivered. */
  revision: number
  handler: WatchHandler
}

export class WatchHub {
  readonly #watchers = new Set<Watcher>()
  readonly #log: Logger

  constructor(log: Logger) {
    this.#log = log
  }

  /** Delivers `known`, the events after `after` up to `revision`, and then what is published. */
  add(
    watch: { prefix: string; after: number; handler: WatchHandler },
    known: readonly StoreEvent[],
    revision: number,
  ): StoreWatch {
    const watcher = { prefix: watch.prefix, revision: watch.after, handler: watch.handler }
    this.#watchers.add(watcher)
    this.#deliver(watcher, known, revision)
    return { close: () => void this.#watchers.delete(watcher) }
  }

  publish(events: readonly StoreEvent[], revision: number): void {
    // Handlers may open watches, which the set then visits too: their revision says they are done.
    for (const watcher of this.#watchers) this.#deliver(watcher, events, revision)
  }

  clear(): void {
    this.#watchers.clear()
  }

  #deliver(watcher: Watcher, events: readonly StoreEvent[], revision: number): void {
    const { prefix, handler, revision: after } = watcher
    if (revision <= after) return
    watcher.revision = revision
    const wanted = events.filter((event) => event.revision > after && event.key.startsWith(prefix))
    try {
      if (wanted.length > 0) handler.events(wanted)
      if (this.#watchers.has(watcher)) handler.progress?.(revision)
    } catch (error) {
      // Its bug must not keep the others from their events, nor the writer from its answer.
      this.#log.error('a watch failed and was closed', { prefix, error })
      this.#watchers.delete(watcher)
    }
  }
}
