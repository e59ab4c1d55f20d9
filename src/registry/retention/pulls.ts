// When tags were last pulled: gathered in memory and written together, so that no pull writes.
import type { Clock } from '#base/clock.ts'
import type { Metadata } from '../metadata.ts'
import { registryLimits } from '../registry-limits.ts'

export class Pulls {
  readonly #metadata: Metadata
  readonly #clock: Clock
  readonly #noted = new Map<string, { repositoryId: number; tag: string; at: number }>()

  constructor(options: { metadata: Metadata; clock: Clock }) {
    this.#metadata = options.metadata
    this.#clock = options.clock
  }

  note(repositoryId: number, tag: string): void {
    const key = `${repositoryId} ${tag}`
    if (!this.#noted.has(key) && this.#noted.size >= registryLimits.notedPullsMax) this.write()
    this.#noted.set(key, { repositoryId, tag, at: this.#clock.now() })
  }

  write(): void {
    if (this.#noted.size === 0) return
    const noted = [...this.#noted.values()]
    this.#noted.clear()
    this.#metadata.transaction(() => {
      for (const { repositoryId, tag, at } of noted)
        this.#metadata.retention.pulled(repositoryId, tag, at)
    })
  }
}
