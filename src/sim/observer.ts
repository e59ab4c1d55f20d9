// Follows the API with a faultless watch of each kind, so that checks see every change there was.
import type { ApiCall } from '#base/api-call.ts'
import { createClient } from '#client/create-client.ts'
import type { Client } from '#client/types.ts'
import { type KubeObject, keyOf } from '#kinds/object.ts'
import type { KindRef } from '#kinds/ref.ts'
import type { Trace } from './trace.ts'

export interface Change<T extends KubeObject = KubeObject> {
  type: 'ADDED' | 'MODIFIED' | 'DELETED'
  kind: string
  key: string
  object: T
  previous: T | undefined
}

export type OnChange = (change: Change) => void

export class Observer {
  readonly #objects = new Map<string, Map<string, KubeObject>>()
  readonly #listeners: OnChange[] = []
  readonly #trace: Trace
  readonly #abort = new AbortController()
  /** Writes seen, by kind. */
  readonly writes = new Map<string, number>()

  constructor(trace: Trace) {
    this.#trace = trace
  }

  on(listener: OnChange): void {
    this.#listeners.push(listener)
  }

  /** Objects of a kind as they are now. */
  list<T extends KubeObject>(kind: KindRef<T>): T[] {
    return [...this.#of(kind.kind).values()] as T[]
  }

  get<T extends KubeObject>(kind: KindRef<T>, key: string): T | undefined {
    return this.#of(kind.kind).get(key) as T | undefined
  }

  /** Begins to follow these kinds, of which there must be none yet. */
  start(call: ApiCall, kinds: readonly KindRef[], failed: (error: Error) => void): void {
    const client = createClient(call)
    for (const kind of kinds)
      this.#follow(client, kind).catch((cause: unknown) => {
        if (!this.#abort.signal.aborted)
          failed(new Error(`the observer lost sight of ${kind.plural}`, { cause }))
      })
  }

  /** The server ends a watch after a while: the next goes on where it ended. */
  async #follow(client: Client, kind: KindRef): Promise<void> {
    const { signal } = this.#abort
    let { resourceVersion = '' } = (await client.resource(kind).list()).metadata
    while (!signal.aborted)
      for await (const event of client.resource(kind).watch({ signal, resourceVersion })) {
        if (event.type === 'ERROR') throw new Error(event.object.message ?? 'the watch failed')
        resourceVersion = event.object.metadata.resourceVersion ?? resourceVersion
        if (event.type !== 'BOOKMARK') this.#changed(kind.kind, event.type, event.object)
      }
  }

  stop(): void {
    this.#abort.abort(new Error('the simulation ends'))
  }

  #of(kind: string): Map<string, KubeObject> {
    const known = this.#objects.get(kind) ?? new Map<string, KubeObject>()
    this.#objects.set(kind, known)
    return known
  }

  #changed(kind: string, type: Change['type'], object: KubeObject): void {
    const key = keyOf(object)
    const objects = this.#of(kind)
    const previous = objects.get(key)
    if (type === 'DELETED') objects.delete(key)
    else objects.set(key, object)
    this.writes.set(kind, (this.writes.get(kind) ?? 0) + 1)
    this.#trace.note(`${type} ${kind} ${key} @${object.metadata.resourceVersion}`)
    for (const listener of this.#listeners) listener({ type, kind, key, object, previous })
  }
}
