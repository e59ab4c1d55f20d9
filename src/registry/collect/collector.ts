// Garbage collection without a stop and without a search: it looks at what the queue says is due, one thing
// in one transaction, so that it never meets a push half way. What a client was told is there stays for a
// while; what is deleted stays in the trash for a while.
import type { Clock } from '#base/clock.ts'
import type { Logger } from '#base/log.ts'
import type { BlobStore } from '../blob-store.ts'
import type { Metadata } from '../metadata.ts'
import { registryLimits } from '../registry-limits.ts'
import { removeDoomed } from '../remove-doomed.ts'
import type { Leases } from './leases.ts'
import type { ReviewRow } from './review-rows.ts'
import type { TrashRow } from './trash-rows.ts'

export interface CollectorOptions {
  metadata: Metadata
  store: BlobStore
  clock: Clock
  log: Logger
  leases: Leases
}

export interface Collected {
  /** Rows of the queue that were looked at. */
  reviewed: number
  /** Links of blobs to repositories that were taken away. */
  unlinked: number
  /** Blobs whose bytes went. */
  blobs: number
  bytes: number
  manifests: number
  /** Entries of the trash whose time was over. */
  purged: number
}

const nothing = (): Collected => ({
  reviewed: 0,
  unlinked: 0,
  blobs: 0,
  bytes: 0,
  manifests: 0,
  purged: 0,
})

export class Collector {
  readonly #options: CollectorOptions
  #running: Promise<unknown> = Promise.resolve()

  constructor(options: CollectorOptions) {
    this.#options = options
  }

  /** One round, after those that were asked for before. Says what it did. */
  collect(): Promise<Collected> {
    const round = this.#running.then(() => this.#round())
    this.#running = round.catch(() => undefined)
    return round
  }

  async #round(): Promise<Collected> {
    const { metadata, clock, log, leases } = this.#options
    const collected = nothing()
    leases.sweep()
    const before = clock.now() - registryLimits.trashKeptMs
    for (const trash of metadata.trash.deletedBefore(before, registryLimits.reviewsPerRound)) {
      this.purge(trash)
      collected.purged++
    }
    for (let looked = 0; looked < registryLimits.reviewsPerRound; looked++) {
      const [review] = metadata.reviews.due(clock.now(), 1)
      if (review === undefined) break
      collected.reviewed++
      await this.#look(review, collected)
    }
    if (collected.unlinked + collected.manifests + collected.purged > 0)
      log.info('collected', { ...collected })
    return collected
  }

  /** Ends what was kept of a deleted manifest; what only it used is looked at next. */
  purge({ id, repositoryId, manifestId }: TrashRow): void {
    const { metadata } = this.#options
    metadata.transaction(() => {
      metadata.trash.remove(id)
      this.#leave(repositoryId, manifestId)
    })
  }

  /** A manifest is gone from a repository: what it leaves there may be of no more use. */
  #leave(repositoryId: number, manifestId: number): void {
    const { metadata, clock } = this.#options
    const { blobIds, manifestIds } = metadata.usage.around(repositoryId, manifestId)
    const now = clock.now()
    for (const targetId of blobIds)
      metadata.reviews.add({ kind: 'blob', repositoryId, targetId }, now)
    for (const targetId of manifestIds)
      metadata.reviews.add({ kind: 'manifest', repositoryId, targetId }, now)
    metadata.manifests.dropUnused(manifestId)
  }

  async #look(review: ReviewRow, collected: Collected): Promise<void> {
    const { metadata } = this.#options
    const doomed = metadata.transaction(() => {
      metadata.reviews.remove(review)
      return review.kind === 'blob'
        ? this.#lookAtBlob(review, collected)
        : this.#lookAtManifest(review, collected)
    })
    if (doomed !== undefined) await removeDoomed(this.#options, doomed)
  }

  /** The key of an object to remove, when that was the last that held it. */
  #lookAtBlob(review: ReviewRow, collected: Collected): string | undefined {
    const { metadata, clock, leases } = this.#options
    const { repositoryId, targetId } = review
    const link = metadata.usage.linkOf(repositoryId, targetId)
    // Somebody deleted it before what was in the trash.
    if (link === undefined) return this.#drop(targetId, collected)
    if (metadata.usage.isBlobUsed(repositoryId, targetId)) return undefined
    const keptUntil = Math.max(
      link.linkedAt + registryLimits.unusedBlobMs,
      leases.endOf(repositoryId, targetId),
    )
    if (keptUntil > clock.now()) {
      metadata.reviews.add(review, keptUntil)
      return undefined
    }
    metadata.blobs.unlink(repositoryId, targetId)
    collected.unlinked++
    return this.#drop(targetId, collected)
  }

  #drop(blobId: number, collected: Collected): string | undefined {
    const { metadata } = this.#options
    const size = metadata.blobs.sizeOf(blobId)
    const doomed = metadata.usage.dropBlob(blobId)
    if (doomed === undefined) return undefined
    metadata.blobs.doom(doomed)
    collected.blobs++
    collected.bytes += size
    return doomed
  }

  /** Looked at only when its index or its subject has gone: a manifest pushed by digest alone stays. */
  #lookAtManifest({ repositoryId, targetId }: ReviewRow, collected: Collected): undefined {
    const { metadata } = this.#options
    if (metadata.usage.isManifestKept(repositoryId, targetId)) return
    metadata.manifests.unlink(repositoryId, targetId)
    this.#leave(repositoryId, targetId)
    collected.manifests++
  }
}
