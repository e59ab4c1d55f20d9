// The values that are current at one revision.
import type { Change } from './committer.ts'
import { SortedKeys } from './sorted-keys.ts'
import type { Entry, StoreEvent } from './types.ts'

export class Keyspace {
  readonly #entries = new Map<string, Entry>()
  readonly #keys = new SortedKeys()

  get(key: string): Entry | undefined {
    return this.#entries.get(key)
  }

  list(prefix: string, options: { after?: string; limit?: number } = {}): Entry[] {
    const limit = options.limit ?? Number.POSITIVE_INFINITY
    const entries: Entry[] = []
    for (const key of this.#keys.withPrefix(prefix, options.after)) {
      if (entries.length >= limit) break
      entries.push(this.#entries.get(key)!)
    }
    return entries
  }

  count(prefix: string): number {
    return prefix === '' ? this.#keys.size : this.#keys.count(prefix)
  }

  /** Makes one change current and tells what happened to the key. */
  apply(revision: number, { key, createRevision, value }: Change): StoreEvent {
    const before = this.#entries.get(key)
    const previous = before === undefined ? {} : { previous: before.value }
    if (value === null) {
      if (before === undefined) throw new Error(`"${key}" is deleted but was not there`)
      this.#entries.delete(key)
      this.#keys.remove(key)
      return { type: 'delete', key, revision, value: before.value, createRevision, ...previous }
    }
    this.#entries.set(key, { key, value, revision, createRevision })
    if (before === undefined) this.#keys.add(key)
    return { type: 'put', key, revision, value, createRevision, ...previous }
  }
}
