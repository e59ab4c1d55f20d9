// A blob store for unit tests: the same behaviour without files.
import assert from 'node:assert/strict'
import type { BlobStore } from './blob-store.ts'

export function memoryBlobStore(): BlobStore {
  const objects = new Map<string, Buffer>()
  return {
    async append(key, offset) {
      const old = objects.get(key) ?? Buffer.alloc(0)
      assert.ok(offset <= old.length, `${key} has ${old.length} bytes, cannot go on at ${offset}`)
      const parts = [old.subarray(0, offset)]
      let size = offset
      objects.set(key, parts[0]!)
      return {
        get size() {
          return size
        },
        async write(chunk) {
          parts.push(Buffer.from(chunk))
          size += chunk.length
        },
        async close() {
          objects.set(key, Buffer.concat(parts))
        },
        async abort() {
          objects.set(key, parts[0]!)
        },
      }
    },
    async size(key) {
      return objects.get(key)?.length
    },
    async *read(key, { start, endExclusive }) {
      if (start >= endExclusive) return
      const object = objects.get(key)
      assert.ok(object !== undefined && endExclusive <= object.length, `${key} is too short`)
      yield object.subarray(start, endExclusive)
    },
    async remove(key) {
      objects.delete(key)
    },
    async *keys() {
      yield* objects.keys()
    },
  }
}
