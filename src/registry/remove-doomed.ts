// The end of an object that nothing names any more: its file goes, then the row that says so.
import type { BlobStore } from './blob-store.ts'
import type { Metadata } from './metadata.ts'

export async function removeDoomed(
  { metadata, store }: { metadata: Metadata; store: BlobStore },
  objectKey: string,
): Promise<void> {
  await store.remove(objectKey)
  metadata.blobs.undoom(objectKey)
}
