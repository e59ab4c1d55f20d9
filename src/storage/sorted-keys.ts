// An ordered set of keys in chunks: an insertion moves a chunk's keys at most, not all of them.

/** A full chunk is split in two. */
const chunkKeysMax = 512

export class SortedKeys {
  /** Never empty chunks, in order; the order is that of JavaScript's `<` on strings. */
  #chunks: string[][] = []
  #size = 0

  get size(): number {
    return this.#size
  }

  /** The key must not be there yet. */
  add(key: string): void {
    this.#size++
    const index = Math.max(0, firstIndex(this.#chunks, (chunk) => chunk[0]! > key) - 1)
    const chunk = this.#chunks[index]
    if (chunk === undefined) {
      this.#chunks.push([key])
      return
    }
    chunk.splice(
      firstIndex(chunk, (other) => other > key),
      0,
      key,
    )
    if (chunk.length > chunkKeysMax)
      this.#chunks.splice(index + 1, 0, chunk.splice(chunkKeysMax / 2))
  }

  /** The key must be there. */
  remove(key: string): void {
    const { chunk, offset } = this.#find((other) => other >= key)
    if (this.#chunks[chunk]?.[offset] !== key) throw new Error(`key "${key}" is not in the set`)
    this.#size--
    this.#chunks[chunk].splice(offset, 1)
    if (this.#chunks[chunk].length === 0) this.#chunks.splice(chunk, 1)
  }

  /** Keys that start with `prefix` and come after `after`, in order. */
  *withPrefix(prefix: string, after?: string): Generator<string> {
    const begins =
      after !== undefined && after >= prefix
        ? (key: string) => key > after
        : (key: string) => key >= prefix
    let { chunk, offset } = this.#find(begins)
    for (; chunk < this.#chunks.length; chunk++, offset = 0) {
      const keys = this.#chunks[chunk]!
      for (; offset < keys.length; offset++) {
        const key = keys[offset]!
        if (!key.startsWith(prefix)) return
        yield key
      }
    }
  }

  count(prefix: string): number {
    const from = this.#find((key) => key >= prefix)
    const to = this.#find((key) => key >= prefix && !key.startsWith(prefix))
    let count = to.offset - from.offset
    for (let chunk = from.chunk; chunk < to.chunk; chunk++) count += this.#chunks[chunk]!.length
    return count
  }

  /** Place of the first key for which `holds`, which must stay true for all keys behind it. */
  #find(holds: (key: string) => boolean): { chunk: number; offset: number } {
    const chunk = firstIndex(this.#chunks, (keys) => holds(keys.at(-1)!))
    const keys = this.#chunks[chunk]
    return { chunk, offset: keys === undefined ? 0 : firstIndex(keys, holds) }
  }
}

/** Index of the first item for which `holds`, or the length; items are ordered false to true. */
function firstIndex<T>(items: readonly T[], holds: (item: T) => boolean): number {
  let low = 0
  let high = items.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (holds(items[middle]!)) high = middle
    else low = middle + 1
  }
  return low
}
