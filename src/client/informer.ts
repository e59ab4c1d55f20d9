// Keeps a cache of one kind fresh: a list in pages, then a watch from its version, again and again.
import { backoffDelayMs } from '#base/backoff.ts'
import type { Clock } from '#base/clock.ts'
import { StatusError } from '#base/errors.ts'
import { limits } from '#base/limits.ts'
import type { Logger } from '#base/log.ts'
import type { Random } from '#base/random.ts'
import { type KubeObject, keyOf } from '#kinds/object.ts'
import type { KindRef } from '#kinds/ref.ts'
import { type CacheChange, type Indexer, InformerCache } from './informer-cache.ts'
import { newerVersion } from './resource-version.ts'
import { statusErrorOf } from './status-error.ts'
import type { Client, Informer, InformerHandler, ListOptions, ResourceClient } from './types.ts'

export interface InformerOptions<T extends KubeObject> {
  client: Client
  kind: KindRef<T>
  clock: Clock
  random: Random
  log: Logger
  indexers?: Record<string, Indexer<T>>
  /** Which objects; all unless given. */
  scope?: Pick<ListOptions, 'namespace' | 'labelSelector' | 'fieldSelector'>
}

export interface IndexedInformer<T extends KubeObject> extends Informer<T> {
  addIndexers(indexers: Record<string, Indexer<T>>): void
}

export function createInformer<T extends KubeObject>(
  options: InformerOptions<T>,
): IndexedInformer<T> {
  return new ListWatchInformer(options)
}

// A server that was restored from a backup knows less than we do: what we know is void.
const isUnknownFuture = (error: StatusError): boolean =>
  error.details?.causes?.some(({ reason }) => reason === 'ResourceVersionTooLarge') ?? false

/** Whether the watch cannot go on from its version, so that only a new list helps. */
const needsList = (error: unknown): boolean =>
  error instanceof StatusError && (error.code === 410 || isUnknownFuture(error))

class ListWatchInformer<T extends KubeObject> implements IndexedInformer<T> {
  readonly #options: InformerOptions<T>
  readonly #resource: ResourceClient<T>
  readonly #log: Logger
  readonly #cache = new InformerCache<T>()
  readonly #handlers: InformerHandler<T>[] = []
  readonly #abort = new AbortController()
  readonly #firstList = Promise.withResolvers<void>()
  #hasSynced = false
  /** Newest version seen; undefined when only a list can tell. */
  #version: string | undefined
  #running: Promise<void> | undefined

  constructor(options: InformerOptions<T>) {
    this.#options = options
    this.#resource = options.client.resource(options.kind)
    this.#log = options.log.child({ informer: options.kind.plural })
    this.#cache.addIndexers(options.indexers ?? {})
  }

  get synced(): Promise<void> {
    return this.#firstList.promise
  }

  get hasSynced(): boolean {
    return this.#hasSynced
  }

  get(key: string): T | undefined {
    return this.#cache.get(key)
  }

  list(namespace?: string): T[] {
    return this.#cache.list(namespace)
  }

  byIndex(index: string, value: string): T[] {
    return this.#cache.byIndex(index, value)
  }

  addIndexers(indexers: Record<string, Indexer<T>>): void {
    this.#cache.addIndexers(indexers)
  }

  on(handler: InformerHandler<T>): void {
    this.#handlers.push(handler)
    for (const object of this.#cache.list(undefined)) this.#tell(handler, { type: 'added', object })
  }

  start(): void {
    this.#running ??= this.#run()
  }

  async stop(): Promise<void> {
    this.#abort.abort(new Error(`the informer of ${this.#options.kind.plural} stops`))
    await this.#running
  }

  async #run(): Promise<void> {
    const { signal } = this.#abort
    let failures = 0
    while (!signal.aborted) {
      try {
        if (this.#version === undefined) await this.#relist()
        // A watch that ends without an event must not become a busy loop.
        failures = (await this.#watch()) ? 0 : failures + 1
      } catch (error) {
        if (signal.aborted) return
        if (needsList(error)) this.#version = undefined
        failures += 1
        this.#log.debug('list or watch failed, will try again', { error, failures })
      }
      if (failures > 0) await this.#pause(failures - 1)
    }
  }

  async #pause(failures: number): Promise<void> {
    const { clock, random } = this.#options
    const delayMs = backoffDelayMs(limits.informerBackoff, failures, random)
    await clock.sleep(delayMs, this.#abort.signal).catch((error: unknown) => {
      if (!this.#abort.signal.aborted) throw error
    })
  }

  async #relist(): Promise<void> {
    const objects = new Map<string, T>()
    let next: string | undefined
    let version: string | undefined
    do {
      const page = await this.#resource.list({
        ...this.#options.scope,
        limit: limits.listPageItems,
        ...(next === undefined ? {} : { continue: next }),
      })
      for (const object of page.items) objects.set(keyOf(object), this.#typed(object))
      version = page.metadata.resourceVersion
      next = page.metadata.continue || undefined
    } while (next !== undefined && !this.#abort.signal.aborted)
    if (this.#abort.signal.aborted) return
    this.#deliver(this.#cache.replace([...objects.values()]))
    this.#version = version ?? ''
    this.#hasSynced = true
    this.#firstList.resolve()
  }

  /** Kubernetes leaves `kind` and `apiVersion` out of the items of a list of built-in kinds. */
  #typed(object: T): T {
    if (object.kind && object.apiVersion) return object
    const { group, version, kind } = this.#options.kind
    return { ...object, apiVersion: group === '' ? version : `${group}/${version}`, kind }
  }

  /** Follows the watch until it ends; resolves with whether it said anything. */
  async #watch(): Promise<boolean> {
    const { signal } = this.#abort
    const events = this.#resource.watch({
      ...this.#options.scope,
      ...(this.#version ? { resourceVersion: this.#version } : {}),
      allowBookmarks: true,
      signal,
    })
    let heard = false
    for await (const event of events) {
      if (signal.aborted) break
      if (event.type === 'ERROR') throw statusErrorOf(event.object.code, event.object)
      heard = true
      if (event.type === 'DELETED') this.#deliver(this.#cache.delete(event.object))
      else if (event.type !== 'BOOKMARK') this.#deliver(this.#cache.put(event.object))
      this.#version = newerVersion(this.#version, event.object.metadata.resourceVersion)
    }
    return heard
  }

  #deliver(changes: readonly CacheChange<T>[]): void {
    for (const change of changes) for (const handler of this.#handlers) this.#tell(handler, change)
  }

  #tell(handler: InformerHandler<T>, change: CacheChange<T>): void {
    try {
      if (change.type === 'updated') handler.updated?.(change.object, change.previous)
      else handler[change.type]?.(change.object)
    } catch (error) {
      this.#log.error('a handler failed', { key: keyOf(change.object), type: change.type, error })
    }
  }
}
