// The objects behind `fakeApi`: versions, history and watchers of all kinds, in memory.
import { STATUS_CODES } from '#base/errors.ts'
import type { KubeObject, Status, WatchEvent } from '#kinds/object.ts'
import { type PushStream, pushStream } from './push-stream.ts'

export interface StoredChange {
  type: 'ADDED' | 'MODIFIED' | 'DELETED'
  revision: number
  /** "group/plural" */
  collection: string
  object: KubeObject
  previous: KubeObject | undefined
}

export type Matches = (object: KubeObject) => boolean

interface Watcher {
  collection: string
  matches: Matches
  stream: PushStream<WatchEvent<KubeObject>>
}

/** A copy as another process would see it: what JSON cannot say is gone, and nobody can change it. */
export function frozenCopy<T>(value: T): T {
  return deepFreeze(JSON.parse(JSON.stringify(value)) as T)
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    for (const inner of Object.values(value)) deepFreeze(inner)
    Object.freeze(value)
  }
  return value
}

export const expiredStatus: Status = {
  apiVersion: 'v1',
  kind: 'Status',
  metadata: {},
  status: 'Failure',
  message: 'The resourceVersion for the provided watch is too old.',
  reason: 'Expired',
  code: STATUS_CODES.Expired,
}

const storeKey = (collection: string, namespace: string | undefined, name: string) =>
  `${collection}|${namespace ?? ''}|${name}`

/** What a watcher with this filter sees of a change; undefined when nothing. */
function visibleChange(change: StoredChange, matches: Matches): WatchEvent<KubeObject> | undefined {
  const now = change.type !== 'DELETED' && matches(change.object)
  const before = change.previous !== undefined && matches(change.previous)
  if (now) return { type: before ? 'MODIFIED' : 'ADDED', object: change.object }
  return before ? { type: 'DELETED', object: change.object } : undefined
}

export class FakeStore {
  revision = 0
  #oldest = 0
  readonly #objects = new Map<string, KubeObject>()
  readonly #history: StoredChange[] = []
  readonly #watchers = new Set<Watcher>()

  get(collection: string, namespace: string | undefined, name: string): KubeObject | undefined {
    return this.#objects.get(storeKey(collection, namespace, name))
  }

  /** Objects of a collection in the order of their keys. */
  list(collection: string, matches: Matches): KubeObject[] {
    return [...this.#objects]
      .filter(([key, object]) => key.startsWith(`${collection}|`) && matches(object))
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([, object]) => object)
  }

  /** Stores `object` under the next revision. */
  put(collection: string, object: KubeObject): KubeObject {
    const { namespace, name } = object.metadata
    const key = storeKey(collection, namespace, name)
    const previous = this.#objects.get(key)
    const stored = this.#stamped(object)
    this.#objects.set(key, stored)
    const type = previous === undefined ? 'ADDED' : 'MODIFIED'
    this.#changed({ type, revision: this.revision, collection, object: stored, previous })
    return stored
  }

  remove(collection: string, object: KubeObject): KubeObject {
    const { namespace, name } = object.metadata
    const key = storeKey(collection, namespace, name)
    const previous = this.#objects.get(key)
    const last = this.#stamped(object)
    this.#objects.delete(key)
    this.#changed({ type: 'DELETED', revision: this.revision, collection, object: last, previous })
    return last
  }

  watch(collection: string, matches: Matches, after: number | undefined): Watcher['stream'] {
    const watcher: Watcher = {
      collection,
      matches,
      stream: pushStream(() => this.#watchers.delete(watcher)),
    }
    if (after === undefined) {
      for (const object of this.list(collection, matches))
        watcher.stream.push({ type: 'ADDED', object })
    } else if (after < this.#oldest) {
      watcher.stream.push({ type: 'ERROR', object: expiredStatus })
      watcher.stream.end()
      return watcher.stream
    } else {
      for (const change of this.#history) if (change.revision > after) this.#show(watcher, change)
    }
    this.#watchers.add(watcher)
    return watcher.stream
  }

  /** Ends every watch, as a server that restarts; with an error, as a broken connection. */
  breakWatches(error?: Error): void {
    for (const watcher of this.#watchers) watcher.stream.end(error)
    this.#watchers.clear()
  }

  sendBookmarks(): void {
    for (const { collection, stream } of this.#watchers)
      stream.push({ type: 'BOOKMARK', object: this.#bookmark(collection) })
  }

  /** Forgets the history: watches from before now get 410. */
  compact(): void {
    this.#oldest = this.revision
    this.#history.length = 0
  }

  #bookmark(collection: string): KubeObject {
    const kind = collection.slice(collection.indexOf('/') + 1)
    const metadata = { name: '', resourceVersion: String(this.revision) }
    return frozenCopy({ apiVersion: 'v1', kind, metadata })
  }

  #stamped(object: KubeObject): KubeObject {
    this.revision += 1
    const metadata = { ...object.metadata, resourceVersion: String(this.revision) }
    return frozenCopy({ ...object, metadata })
  }

  #changed(change: StoredChange): void {
    this.#history.push(change)
    for (const watcher of this.#watchers) this.#show(watcher, change)
  }

  #show(watcher: Watcher, change: StoredChange): void {
    if (change.collection !== watcher.collection) return
    const event = visibleChange(change, watcher.matches)
    if (event) watcher.stream.push(event)
  }
}
