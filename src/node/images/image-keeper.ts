// Keeps images from filling the machine's disk: when it is nearly full, those that no container has go,
// the longest unused first.
import type { Clock } from '#base/clock.ts'
import type { Logger } from '#base/log.ts'
import { Periodic } from '#base/periodic.ts'
import type { Runtime, RuntimeImage } from '../runtime/runtime.ts'

export interface DiskSpace {
  capacityBytes: number
  availableBytes: number
}

export interface ImageKeeperOptions {
  runtime: Pick<Runtime, 'listImages' | 'listContainers' | 'removeImage'>
  disk: () => Promise<DiskSpace>
  /** Names of images that the runtime itself needs. */
  pinned: readonly string[]
  limits: {
    periodMs: number
    /** Of the disk, in use: from where on images go, and until when. */
    highShare: number
    lowShare: number
    /** An image that came this recently is about to be used. */
    ageMsMin: number
  }
  /** Too little could be freed; told once until it is well again. */
  failed: (message: string) => void
  clock: Clock
  log: Logger
}

interface Seen {
  sinceMs: number
  usedAtMs: number
}

/** Bytes that must go; 0 while there is room. */
export function bytesToFree(
  { capacityBytes, availableBytes }: DiskSpace,
  { highShare, lowShare }: Pick<ImageKeeperOptions['limits'], 'highShare' | 'lowShare'>,
): number {
  if (capacityBytes === 0 || 1 - availableBytes / capacityBytes < highShare) return 0
  return Math.max(0, Math.ceil(capacityBytes * (1 - lowShare) - availableBytes))
}

export class ImageKeeper {
  readonly #options: ImageKeeperOptions
  readonly #loop: Periodic
  /** By image id. */
  readonly #seen = new Map<string, Seen>()
  #hasFailed = false

  constructor(options: ImageKeeperOptions) {
    this.#options = options
    const { clock, log } = options
    this.#loop = new Periodic({
      periodMs: options.limits.periodMs,
      clock,
      work: (signal) => this.look(signal),
      // A runtime that is away is told of elsewhere.
      failed: (error) => log.debug('images were not looked at', { error }),
    })
  }

  start(): void {
    this.#loop.start()
  }

  stop(): Promise<void> {
    return this.#loop.stop()
  }

  /** Looks at the disk once. */
  async look(signal?: AbortSignal): Promise<void> {
    const { disk, failed, limits } = this.#options
    const unused = await this.#unused()
    const wantedBytes = bytesToFree(await disk(), limits)
    const freedBytes = wantedBytes === 0 ? 0 : await this.#free(unused, wantedBytes, signal)
    const fails = freedBytes < wantedBytes
    if (fails && !this.#hasFailed)
      failed(
        `Failed to garbage collect required amount of images. Attempted to free ${wantedBytes} bytes, but only found ${freedBytes} bytes eligible to free.`,
      )
    this.#hasFailed = fails
  }

  /** Images that may go, the longest unused first. */
  async #unused(): Promise<RuntimeImage[]> {
    const { runtime, pinned, clock, limits } = this.#options
    const images = await runtime.listImages()
    const used = new Set((await runtime.listContainers()).map(({ image }) => image))
    const nowMs = clock.now()
    const present = new Set(images.map(({ id }) => id))
    for (const id of this.#seen.keys()) if (!present.has(id)) this.#seen.delete(id)
    const isUsed = ({ id, repoTags, repoDigests }: RuntimeImage) =>
      [id, ...repoTags, ...repoDigests].some((name) => used.has(name) || pinned.includes(name))
    for (const image of images) {
      const seen = this.#seen.get(image.id) ?? { sinceMs: nowMs, usedAtMs: 0 }
      this.#seen.set(image.id, isUsed(image) ? { ...seen, usedAtMs: nowMs } : seen)
    }
    const usedAtMs = ({ id }: RuntimeImage) => this.#seen.get(id)?.usedAtMs ?? 0
    const sinceMs = ({ id }: RuntimeImage) => this.#seen.get(id)?.sinceMs ?? nowMs
    return images
      .filter((image) => !isUsed(image) && nowMs - sinceMs(image) >= limits.ageMsMin)
      .toSorted((a, b) => usedAtMs(a) - usedAtMs(b) || sinceMs(a) - sinceMs(b))
  }

  async #free(
    images: readonly RuntimeImage[],
    wantedBytes: number,
    signal?: AbortSignal,
  ): Promise<number> {
    const { runtime, log } = this.#options
    let freedBytes = 0
    for (const { id, repoTags, sizeBytes } of images) {
      if (freedBytes >= wantedBytes || signal?.aborted === true) break
      await runtime.removeImage(id)
      log.info('an image was removed, the disk is nearly full', { image: repoTags[0] ?? id })
      freedBytes += sizeBytes
    }
    return freedBytes
  }
}
