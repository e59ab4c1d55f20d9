// A batch as it goes to the writer thread: the values of all writes in one buffer, which is handed
// over instead of copied. (Values one by one would each drag along the pool they were cut from.)
import type { Write } from './committer.ts'

export interface PackedBatch {
  /** Each value is its length in `bytes`, in order; null is a delete. */
  writes: {
    revision: number
    changes: {
      key: string
      createRevision: number
      previousRevision: number
      length: number | null
    }[]
  }[]
  bytes: Uint8Array<ArrayBuffer>
}

export function packBatch(writes: readonly Write[]): PackedBatch {
  let size = 0
  for (const { changes } of writes)
    for (const { value } of changes) size += value === null ? 0 : value.byteLength
  const bytes = new Uint8Array(size)
  let offset = 0
  const packed = writes.map(({ revision, changes }) => ({
    revision,
    changes: changes.map(({ value, ...rest }) => {
      if (value === null) return { ...rest, length: null }
      bytes.set(value, offset)
      offset += value.byteLength
      return { ...rest, length: value.byteLength }
    }),
  }))
  return { writes: packed, bytes }
}

export function unpackBatch({ writes, bytes }: PackedBatch): Write[] {
  let offset = 0
  return writes.map(({ revision, changes }) => ({
    revision,
    changes: changes.map(({ length, ...rest }) => {
      if (length === null) return { ...rest, value: null }
      const value = bytes.subarray(offset, offset + length)
      offset += length
      return { ...rest, value }
    }),
  }))
}
