// Whether a blob's bytes are what its digest says.
import { createHash } from 'node:crypto'
import type { BlobStore } from '../blob-store.ts'
import { algorithmOf } from '../digest.ts'
import type { CheckedBlob } from './check-rows.ts'

/** What is wrong with a blob; nothing when all is well. Reads all of it when `deep`. Rejects when it cannot tell. */
export async function blobProblem(
  store: BlobStore,
  { digest, size, objectKey }: CheckedBlob,
  { deep }: { deep: boolean },
): Promise<string | undefined> {
  const found = await store.size(objectKey)
  if (found === undefined) return 'its bytes are gone'
  if (found !== size) return `it has ${found} bytes instead of ${size}`
  if (!deep) return undefined
  const hash = createHash(algorithmOf(digest))
  for await (const chunk of store.read(objectKey, { start: 0, endExclusive: size }))
    hash.update(chunk)
  return `${algorithmOf(digest)}:${hash.digest('hex')}` === digest
    ? undefined
    : 'its bytes are other ones'
}
