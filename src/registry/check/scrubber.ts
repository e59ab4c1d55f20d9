// Reads every blob now and then, a little at a time, so that bit rot is found while there still is somebody who
// has the right bytes.
import type { Clock } from '#base/clock.ts'
import type { Logger } from '#base/log.ts'
import type { BlobStore } from '../blob-store.ts'
import type { Metadata } from '../metadata.ts'
import { registryLimits } from '../registry-limits.ts'
import { blobProblem } from './blob-check.ts'

export interface ScrubberOptions {
  metadata: Metadata
  store: BlobStore
  clock: Clock
  log: Logger
}

/** One round: reads up to a bound of bytes, or one blob that is larger. Says how many it read. */
export async function scrub({ metadata, store, clock, log }: ScrubberOptions): Promise<number> {
  const before = clock.now() - registryLimits.scrubEveryMs
  let bytes = 0
  let blobs = 0
  while (bytes < registryLimits.scrubBytesPerRound) {
    const [blob] = metadata.check.uncheckedBlobs(before, 1)
    if (blob === undefined) break
    const problem = await blobProblem(store, blob, { deep: true })
    metadata.check.checked(blob.id, clock.now())
    bytes += blob.size
    blobs++
    const [still] = metadata.check.blobsAfter(blob.id - 1, 1)
    if (problem === undefined || still?.objectKey !== blob.objectKey) continue
    metadata.check.damaged(blob.id, clock.now())
    log.error('a blob is damaged; push an image that has it again', {
      digest: blob.digest,
      problem,
    })
  }
  return blobs
}
