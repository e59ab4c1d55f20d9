// What is on the disk of a simulated API server, as objects: the truth that every check holds the rest
// against. Fed by the disk itself, so that it neither lags nor leaves anything out.
import type { Write } from '#storage/committer.ts'
import { type KubeObject, keyOf } from '#kinds/object.ts'
import type { KindRef } from '#kinds/ref.ts'
import type { Trace } from '../trace.ts'

export interface Change<T extends KubeObject = KubeObject> {
  type: 'ADDED' | 'MODIFIED' | 'DELETED'
  kind: string
  key: string
  object: T
  previous: T | undefined
  revision: number
}

export type OnChange = (change: Change) => void

/** What happened to the objects of one kind, in order. */
export interface HistoryEntry {
  revision: number
  isDelete: boolean
}

export interface Collection {
  history: HistoryEntry[]
  /** Key in the store to the newest revision. */
  current: Map<string, number>
}

/** Kinds that change all the time by themselves. */
const UNTRACED = new Set(['Lease', 'Event'])

const decoder = new TextDecoder()

export class DurableState {
  readonly name: string
  readonly #trace: Trace
  readonly #listeners: OnChange[] = []
  readonly #byKind = new Map<string, Map<string, KubeObject>>()
  readonly #byStoreKey = new Map<string, KubeObject>()
  readonly #collections = new Map<string, Collection>()
  #revision = 0
  /** Writes so far of kinds that do not change by themselves. */
  #writes = 0
  #allWrites = 0

  constructor(name: string, trace: Trace) {
    this.name = name
    this.#trace = trace
  }

  get revision(): number {
    return this.#revision
  }

  get writes(): number {
    return this.#writes
  }

  get allWrites(): number {
    return this.#allWrites
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

  /** Every object there is. */
  all(): Iterable<KubeObject> {
    return this.#byStoreKey.values()
  }

  /** By the prefix of keys in the store: "/core/pods/". */
  collection(prefix: string): Collection {
    const known = this.#collections.get(prefix) ?? { history: [], current: new Map() }
    this.#collections.set(prefix, known)
    return known
  }

  /** Called by the disk for each write that it has. */
  take({ revision, changes }: Write): void {
    this.#revision = revision
    for (const { key, value } of changes) {
      const collection = this.collection(prefixOf(key))
      collection.history.push({ revision, isDelete: value === null })
      if (value === null) collection.current.delete(key)
      else collection.current.set(key, revision)
      this.#changed(revision, key, value)
    }
  }

  #changed(revision: number, storeKey: string, value: Uint8Array | null): void {
    const previous = this.#byStoreKey.get(storeKey)
    const object =
      value === null ? previous : (JSON.parse(decoder.decode(value)) as KubeObject | undefined)
    if (object === undefined) throw new Error(`${storeKey} is deleted and never was there`)
    const { kind } = object
    const key = keyOf(object)
    if (value === null) this.#byStoreKey.delete(storeKey)
    else this.#byStoreKey.set(storeKey, object)
    if (value === null) this.#of(kind).delete(key)
    else this.#of(kind).set(key, object)
    this.#allWrites++
    const type = value === null ? 'DELETED' : previous === undefined ? 'ADDED' : 'MODIFIED'
    if (!UNTRACED.has(kind)) {
      this.#writes++
      this.#trace.note(`${this.name}: ${type} ${kind} ${key} @${revision}`)
    }
    for (const listener of this.#listeners)
      listener({ type, kind, key, object, previous, revision })
  }

  #of(kind: string): Map<string, KubeObject> {
    const known = this.#byKind.get(kind) ?? new Map<string, KubeObject>()
    this.#byKind.set(kind, known)
    return known
  }
}

/** "/core/pods/" of "/core/pods/default/a". */
export function prefixOf(storeKey: string): string {
  const second = storeKey.indexOf('/', 1)
  return storeKey.slice(0, storeKey.indexOf('/', second + 1) + 1)
}
