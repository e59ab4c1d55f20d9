// What an informer knows: the objects of a kind by key and by index. Takes lists and events in any
// order, doubled or late, and says what really changed.
import { type KubeObject, keyOf } from '#kinds/object.ts'
import { compareVersions, newerVersion } from './resource-version.ts'

export type Indexer<T> = (object: T) => string[]

export type CacheChange<T> =
  | { type: 'added'; object: T }
  | { type: 'updated'; object: T; previous: T }
  | { type: 'deleted'; object: T }

// Deletions remembered, so that a late event does not bring an object back.
const TOMBSTONES_MAX = 1_000

export class InformerCache<T extends KubeObject> {
  readonly #objects = new Map<string, T>()
  readonly #indexers = new Map<string, Indexer<T>>()
  /** index -> value -> key -> object */
  readonly #indexes = new Map<string, Map<string, Map<string, T>>>()
  readonly #tombstones = new Map<string, string | undefined>()
  readonly #byNamespace = new Map<string, Map<string, T>>()

  /** The first indexer of a name stays: informers are shared, and names say what they index. */
  addIndexers(indexers: Record<string, Indexer<T>>): void {
    for (const [name, indexer] of Object.entries(indexers)) {
      if (this.#indexers.has(name)) continue
      this.#indexers.set(name, indexer)
      this.#indexes.set(name, new Map())
      for (const [key, object] of this.#objects)
        for (const value of indexer(object)) this.#enter(name, value, key, object)
    }
  }

  get(key: string): T | undefined {
    return this.#objects.get(key)
  }

  list(namespace: string | undefined): T[] {
    if (namespace === undefined) return [...this.#objects.values()]
    return [...(this.#byNamespace.get(namespace)?.values() ?? [])]
  }

  byIndex(index: string, value: string): T[] {
    const values = this.#indexes.get(index)
    if (!values) throw new RangeError(`the informer has no index "${index}"`)
    return [...(values.get(value)?.values() ?? [])]
  }

  /** A complete list: the truth, whatever was known before. */
  replace(objects: readonly T[]): CacheChange<T>[] {
    this.#tombstones.clear()
    const listed = new Set(objects.map(keyOf))
    const changes: CacheChange<T>[] = []
    for (const [key, object] of this.#objects)
      if (!listed.has(key)) changes.push(...this.#drop(key, object))
    for (const object of objects) {
      const known = this.#objects.get(keyOf(object))
      const same =
        known?.metadata.uid === object.metadata.uid &&
        known?.metadata.resourceVersion === object.metadata.resourceVersion
      if (!same) changes.push(...this.#set(object))
    }
    return changes
  }

  /** An event that says the object looks like this. */
  put(object: T): CacheChange<T>[] {
    const key = keyOf(object)
    const { resourceVersion } = object.metadata
    const known = this.#objects.get(key)?.metadata.resourceVersion ?? this.#tombstones.get(key)
    if (known !== undefined && compareVersions(resourceVersion, known) <= 0) return []
    this.#tombstones.delete(key)
    return this.#set(object)
  }

  /** An event that says the object, last seen like this, is gone. */
  delete(object: T): CacheChange<T>[] {
    const key = keyOf(object)
    const known = this.#objects.get(key)
    if (
      known &&
      compareVersions(object.metadata.resourceVersion, known.metadata.resourceVersion) < 0
    )
      return []
    this.#bury(key, object.metadata.resourceVersion)
    return known ? this.#drop(key, object) : []
  }

  #bury(key: string, version: string | undefined): void {
    const newest = newerVersion(version, this.#tombstones.get(key))
    this.#tombstones.delete(key)
    this.#tombstones.set(key, newest)
    if (this.#tombstones.size <= TOMBSTONES_MAX) return
    const [oldest] = this.#tombstones.keys()
    this.#tombstones.delete(oldest!)
  }

  #drop(key: string, last: T): CacheChange<T>[] {
    this.#unindex(key)
    this.#objects.delete(key)
    return [{ type: 'deleted', object: last }]
  }

  #set(object: T): CacheChange<T>[] {
    const key = keyOf(object)
    const previous = this.#objects.get(key)
    this.#unindex(key)
    this.#objects.set(key, object)
    this.#index(key, object)
    if (!previous) return [{ type: 'added', object }]
    // Another uid under the same name: its predecessor's deletion was missed.
    return previous.metadata.uid === object.metadata.uid
      ? [{ type: 'updated', object, previous }]
      : [
          { type: 'deleted', object: previous },
          { type: 'added', object },
        ]
  }

  #index(key: string, object: T): void {
    const { namespace } = object.metadata
    if (namespace !== undefined) enter(this.#byNamespace, namespace, key, object)
    for (const [name, indexer] of this.#indexers)
      for (const value of indexer(object)) this.#enter(name, value, key, object)
  }

  #enter(index: string, value: string, key: string, object: T): void {
    enter(this.#indexes.get(index)!, value, key, object)
  }

  #unindex(key: string): void {
    const object = this.#objects.get(key)
    if (!object) return
    const { namespace } = object.metadata
    if (namespace !== undefined) leave(this.#byNamespace, namespace, key)
    for (const [name, indexer] of this.#indexers)
      for (const value of indexer(object)) leave(this.#indexes.get(name)!, value, key)
  }
}

function enter<T>(index: Map<string, Map<string, T>>, value: string, key: string, object: T) {
  const members = index.get(value)
  if (members) members.set(key, object)
  else index.set(value, new Map([[key, object]]))
}

function leave<T>(index: Map<string, Map<string, T>>, value: string, key: string) {
  const members = index.get(value)
  members?.delete(key)
  if (members?.size === 0) index.delete(value)
}
