// The client of a Kubernetes API: what controllers, agents, the platform and the CLI hold.
import type { PatchType } from '#base/api-call.ts'
import type { KubeList, KubeObject, WatchEvent } from '#kinds/object.ts'
import type { KindRef } from '#kinds/ref.ts'

export interface ListOptions {
  namespace?: string | undefined
  labelSelector?: string | undefined
  fieldSelector?: string | undefined
  limit?: number
  continue?: string
  resourceVersion?: string
}

export interface WatchOptions extends ListOptions {
  /** Deliver events after this version; without it, the current objects come first as ADDED. */
  resourceVersion?: string
  allowBookmarks?: boolean
  signal?: AbortSignal
}

export interface DeleteOptions {
  gracePeriodSeconds?: number
  propagationPolicy?: 'Orphan' | 'Background' | 'Foreground'
  preconditions?: { uid?: string; resourceVersion?: string }
}

export interface Place {
  namespace?: string | undefined
  name: string
}

/** Objects returned are shared and must not be changed: copy before editing (`structuredClone`). */
export interface ResourceClient<T extends KubeObject> {
  get(place: Place): Promise<T>
  list(options?: ListOptions): Promise<KubeList<T>>
  /** Ends when the server closes it (clients then watch again) or the signal aborts. */
  watch(options?: WatchOptions): AsyncIterable<WatchEvent<T>>
  create(object: T, options?: { fieldManager?: string }): Promise<T>
  /** Fails with Conflict when `metadata.resourceVersion` is set and not the current one. */
  update(object: T): Promise<T>
  updateStatus(object: T): Promise<T>
  patch(
    place: Place,
    patch: unknown,
    options?: { type?: PatchType; subresource?: string; fieldManager?: string; force?: boolean },
  ): Promise<T>
  delete(place: Place, options?: DeleteOptions): Promise<void>
  /** GET, POST or PUT of a subresource such as "token", "binding", "eviction", "scale". */
  subresource<R>(
    method: 'GET' | 'POST' | 'PUT',
    place: Place,
    name: string,
    body?: unknown,
    query?: Record<string, string>,
  ): Promise<R>
  /** Bytes of a subresource such as "log". */
  stream(
    place: Place,
    name: string,
    query: Record<string, string>,
    signal?: AbortSignal,
  ): AsyncIterable<Uint8Array>
}

export interface Client {
  resource<T extends KubeObject>(kind: KindRef<T>): ResourceClient<T>
  /** A path outside resources, such as "/version" or "/readyz". */
  raw(path: string): Promise<unknown>
}

export interface InformerHandler<T> {
  added?(object: T): void
  updated?(object: T, previous: T): void
  deleted?(object: T): void
}

/** A cache of one kind kept fresh by list and watch. Objects are shared: never change them. */
export interface Informer<T extends KubeObject> {
  /** Resolves after the first complete list was delivered to the handlers. */
  readonly synced: Promise<void>
  readonly hasSynced: boolean
  /** By `namespace/name` or `name`. */
  get(key: string): T | undefined
  list(namespace?: string): T[]
  /** Objects that `indexers[index]` put under `value`. */
  byIndex(index: string, value: string): T[]
  /** Handlers added late first get `added` for all that is cached. */
  on(handler: InformerHandler<T>): void
  start(): void
  stop(): Promise<void>
}

/** One informer per kind, shared by all controllers of one cluster. */
export interface InformerFactory {
  informer<T extends KubeObject>(
    kind: KindRef<T>,
    options?: { indexers?: Record<string, (object: T) => string[]> },
  ): Informer<T>
  start(): void
  /** Resolves when every informer asked for so far has synced. */
  synced(): Promise<void>
  stop(): Promise<void>
}
