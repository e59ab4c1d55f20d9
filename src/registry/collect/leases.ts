// Blobs that a client was told it need not push: it is about to push a manifest that uses them. Only in
// memory: after a start nothing is collected until every lease from before has ended.
import type { Clock } from '#base/clock.ts'
import { registryLimits } from '../registry-limits.ts'

export class Leases {
  readonly #clock: Clock
  readonly #startedAt: number
  /** When each was told, the latest last. */
  readonly #told = new Map<string, number>()

  constructor(clock: Clock) {
    this.#clock = clock
    this.#startedAt = clock.now()
  }

  take(repositoryId: number, blobId: number): void {
    const key = `${repositoryId} ${blobId}`
    this.#told.delete(key)
    if (this.#told.size >= registryLimits.leasesMax) {
      const [oldest] = this.#told.keys()
      if (oldest !== undefined) this.#told.delete(oldest)
    }
    this.#told.set(key, this.#clock.now())
  }

  /** When the lease of a blob ends; in the past when there is none. */
  endOf(repositoryId: number, blobId: number): number {
    const told = this.#told.get(`${repositoryId} ${blobId}`) ?? this.#startedAt
    return told + registryLimits.unusedBlobMs
  }

  /** Forgets those that have ended. */
  sweep(): void {
    const before = this.#clock.now() - registryLimits.unusedBlobMs
    for (const [key, told] of this.#told) {
      if (told > before) return
      this.#told.delete(key)
    }
  }
}
