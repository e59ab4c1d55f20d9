// A batch as it goes between the store and its writer thread: keys and figures in flat arrays, the values of all
// writes in one buffer, which is handed over instead of copied. (Values one by one would each drag along the
// pool they were cut from.)
import type { Write } from './committer.ts'

export interface PackedBatch {
  /** One for each change, in the order of the log. */
  keys: string[]
  /** Of each change: revision, create revision, previous revision, length of the value or -1 for a delete. */
  figures: Float64Array<ArrayBuffer>
  bytes: Uint8Array<ArrayBuffer>
}

const FIGURES = 4
const DELETED = -1

export function packBatch(writes: readonly Write[]): PackedBatch {
  let size = 0
  let count = 0
  for (const { changes } of writes) {
    count += changes.length
    for (const { value } of changes) size += value === null ? 0 : value.byteLength
  }
  const keys: string[] = []
  const figures = new Float64Array(count * FIGURES)
  const bytes = new Uint8Array(size)
  let offset = 0
  for (const { revision, changes } of writes)
    for (const { key, createRevision, previousRevision, value } of changes) {
      const length = value === null ? DELETED : value.byteLength
      figures.set([revision, createRevision, previousRevision, length], keys.length * FIGURES)
      keys.push(key)
      if (value === null) continue
      bytes.set(value, offset)
      offset += value.byteLength
    }
  return { keys, figures, bytes }
}

/** The writes; their values are views of the batch's buffer. */
export function unpackBatch({ keys, figures, bytes }: PackedBatch): Write[] {
  const writes: { revision: number; changes: Write['changes'][number][] }[] = []
  let offset = 0
  for (const [index, key] of keys.entries()) {
    const at = index * FIGURES
    const [revision, length] = [figures[at]!, figures[at + 3]!]
    let write = writes.at(-1)
    if (write?.revision !== revision) writes.push((write = { revision, changes: [] }))
    const value = length === DELETED ? null : bytes.subarray(offset, offset + length)
    offset += Math.max(0, length)
    write.changes.push({
      key,
      createRevision: figures[at + 1]!,
      previousRevision: figures[at + 2]!,
      value,
    })
  }
  return writes
}

/** What the thread need not copy. */
export const transferOf = ({ figures, bytes }: PackedBatch): ArrayBuffer[] => [
  figures.buffer,
  bytes.buffer,
]
