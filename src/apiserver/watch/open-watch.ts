// Follows the events of one list: from the store's keys and bytes to what a watcher is told.
import type { Timer } from '#base/clock.ts'
import type { StoreEvent, StoreWatch } from '#storage/types.ts'
import { CompactedError } from '#storage/types.ts'
import type { KubeObject } from '#kinds/object.ts'
import { expired, statusOf } from '../api-errors.ts'
import type { ClusterContext } from '../context.ts'
import { apiLimits } from '../limits.ts'
import type { Stored } from '../objects/object-storage.ts'
import { withRevision } from '../objects/object-storage.ts'
import type { ServedResource } from '../resources.ts'
import { shown } from '../resources.ts'
import type { Selection } from '../selection.ts'
import type { WatchEvent, WatchItem, WatchSink } from './sink.ts'
import type { WatchOptions } from './watch-options.ts'

export interface WatchSubject {
  resource: ServedResource
  prefix: string
  selection: Selection
  options: WatchOptions
  /** Tells also what objects were before, for somebody behind who selects. */
  tellPrevious?: boolean
}

export function openWatch(
  context: ClusterContext,
  subject: WatchSubject,
  sink: WatchSink,
): { close(): void } {
  return new OpenWatch(context, subject, sink)
}

class OpenWatch {
  readonly #context: ClusterContext
  readonly #subject: WatchSubject
  readonly #sink: WatchSink
  readonly #timers: Timer[] = []
  #source: StoreWatch | undefined
  #revision: number
  #endsAt = Infinity
  #isClosed = false

  constructor(context: ClusterContext, subject: WatchSubject, sink: WatchSink) {
    this.#context = context
    this.#subject = subject
    this.#sink = sink
    const { after, timeoutMs, bookmarks, markInitialEnd } = subject.options
    this.#revision = after ?? context.objects.revision
    if (after === undefined) this.#deliver(this.#initial())
    this.#follow()
    if (this.#isClosed) return
    this.#timers.push(context.clock.after(timeoutMs, () => this.#finish()))
    this.#endsAt = context.clock.now() + timeoutMs
    // Events may have come while the initial state was read.
    if (bookmarks) this.#bookmarkAfter(markInitialEnd ? apiLimits.bookmarkSoonMs : this.#pauseMs())
  }

  /** Called by the watcher; nothing is delivered after it. */
  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#source?.close()
    for (const timer of this.#timers) timer.cancel()
  }

  /** Called when the server ends the watch. */
  #finish(): void {
    if (this.#isClosed) return
    this.close()
    this.#sink.end()
  }

  #deliver(items: readonly WatchItem[]): void {
    if (this.#isClosed || items.length === 0) return
    if (!this.#sink.deliver(items)) this.#finish()
  }

  #initial(): WatchItem[] {
    const { prefix, selection, options } = this.#subject
    const items: WatchItem[] = []
    for (const { key, object, revision, bytes } of this.#context.objects.list(prefix)) {
      if (selection.matches?.(this.#shown(object)) === false) continue
      items.push(this.#put('ADDED', { key, object, revision, bytes }))
    }
    if (options.markInitialEnd) items.push(this.#bookmark({ 'k8s.io/initial-events-end': 'true' }))
    return items
  }

  #follow(): void {
    try {
      const source = this.#context.objects.store.watch(this.#subject.prefix, this.#revision, {
        events: (events) => this.#events(events),
        progress: (revision) => (this.#revision = Math.max(this.#revision, revision)),
      })
      if (this.#isClosed) source.close()
      else this.#source = source
    } catch (error) {
      if (!(error instanceof CompactedError)) throw error
      const message = `too old resource version: ${this.#revision} (${error.oldest})`
      this.#deliver([{ type: 'ERROR', status: statusOf(expired(message)) }])
      this.#finish()
    }
  }

  #events(events: readonly StoreEvent[]): void {
    const items = events.map((event) => this.#item(event)).filter((item) => item !== undefined)
    this.#revision = Math.max(this.#revision, events.at(-1)?.revision ?? 0)
    this.#deliver(items)
  }

  #item(event: StoreEvent): WatchItem | undefined {
    const { matches } = this.#subject.selection
    const { objects } = this.#context
    const matched = (bytes: Uint8Array | undefined) =>
      bytes !== undefined && (matches === undefined || matches(this.#shown(objects.decode(bytes))))
    const { key, revision } = event
    const isIn = event.type === 'put' && matched(event.value)
    const wasIn = matched(event.type === 'put' ? event.previous : event.value)
    if (isIn) {
      const bytes = event.value
      const stored = { key, object: objects.decode(bytes), revision, bytes }
      const item = this.#put(wasIn ? 'MODIFIED' : 'ADDED', stored)
      const { previous } = event
      const isTold = this.#subject.tellPrevious === true && previous !== undefined
      return isTold ? { ...item, previous: objects.decode(previous) } : item
    }
    if (!wasIn) return undefined
    // The last state the watcher knew, with the version of what took it away.
    const last = objects.decode(event.type === 'put' ? event.previous! : event.value)
    return { type: 'DELETED', object: this.#shown(withRevision(last, revision)), key, revision }
  }

  #put(type: 'ADDED' | 'MODIFIED', { key, object, revision, bytes }: Stored): WatchEvent {
    const item = { type, object: this.#shown(object), key, revision }
    return this.#subject.resource.form === undefined ? { ...item, bytes } : item
  }

  #shown(object: KubeObject): KubeObject {
    return shown(this.#subject.resource, object)
  }

  #bookmark(annotations?: Record<string, string>): WatchItem {
    const { kind, apiVersion } = this.#subject.resource
    const metadata = {
      resourceVersion: String(this.#revision),
      ...(annotations === undefined ? {} : { annotations }),
    }
    // A bookmark carries a version and nothing else, not even a name.
    const object = { kind, apiVersion, metadata } as unknown as KubeObject
    return { type: 'BOOKMARK', object, key: '', revision: this.#revision }
  }

  #bookmarkAfter(ms: number): void {
    const timer = this.#context.clock.after(ms, () => {
      this.#deliver([this.#bookmark()])
      this.#timers.splice(this.#timers.indexOf(timer), 1)
      if (!this.#isClosed) this.#bookmarkAfter(this.#pauseMs())
    })
    this.#timers.push(timer)
  }

  /** Until the next bookmark. One comes shortly before the end, so that the next watch begins close to now. */
  #pauseMs(): number {
    const { bookmarkIntervalMs, bookmarkBeforeEndMs } = apiLimits
    const beforeEndMs = this.#endsAt - bookmarkBeforeEndMs - this.#context.clock.now()
    return beforeEndMs > 0 ? Math.min(bookmarkIntervalMs, beforeEndMs) : bookmarkIntervalMs
  }
}
