// What an upstream said it has not got, believed for a little while: clients ask again and again.
import type { Clock } from '#base/clock.ts'
import { mirrorLimits } from './mirror-limits.ts'

export class RecentUnknowns<Reason> {
  readonly #clock: Clock
  /** The latest last. */
  readonly #known = new Map<string, { until: number; reason: Reason }>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  add(key: string, reason: Reason): void {
    this.#known.delete(key)
    if (this.#known.size >= mirrorLimits.unknownsMax) {
      const [oldest] = this.#known.keys()
      if (oldest !== undefined) this.#known.delete(oldest)
    }
    this.#known.set(key, { until: this.#clock.monotonic() + mirrorLimits.unknownMs, reason })
  }

  find(key: string): Reason | undefined {
    const known = this.#known.get(key)
    if (known === undefined) return undefined
    if (known.until > this.#clock.monotonic()) return known.reason
    this.#known.delete(key)
    return undefined
  }
}
