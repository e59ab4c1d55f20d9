// Stops asking an upstream that does not answer, so that nobody waits for it; tries it now and then.
import type { Clock } from '#base/clock.ts'
import { mirrorLimits } from './mirror-limits.ts'
import { isFailure, UpstreamError } from './upstream-error.ts'

export class CircuitBreaker {
  readonly #clock: Clock
  readonly #host: string
  #failures = 0
  #lastFailure: { at: number; message: string } | undefined
  #isProbing = false
  #lastTryAt = 0

  constructor({ clock, host }: { clock: Clock; host: string }) {
    this.#clock = clock
    this.#host = host
  }

  get isOpen(): boolean {
    return this.#failures >= mirrorLimits.breakerFailures
  }

  /** Does `work`, whose UpstreamErrors count. Throws `unreachable` without it while nobody should ask. */
  async run<Result>(work: () => Promise<Result>): Promise<Result> {
    const isProbe = this.isOpen
    if (isProbe) this.#beginProbe()
    try {
      const result = await work()
      this.#failures = 0
      return result
    } catch (error) {
      this.#count(error)
      throw error
    } finally {
      if (isProbe) this.#isProbing = false
    }
  }

  #beginProbe(): void {
    const now = this.#clock.monotonic()
    const nextAt = this.#lastTryAt + mirrorLimits.breakerProbeMs
    if (this.#isProbing || now < nextAt)
      throw new UpstreamError(
        'unreachable',
        `${this.#host} is not asked now, because it failed ${this.#failures} times, at last: ` +
          this.#lastFailure!.message,
        { retryAfterMs: Math.max(1_000, nextAt - now) },
      )
    this.#isProbing = true
    this.#lastTryAt = now
  }

  #count(error: unknown): void {
    // What a client's leaving ended says nothing of the upstream.
    if (!(error instanceof UpstreamError)) return
    if (!isFailure(error)) {
      this.#failures = 0
      return
    }
    const now = this.#clock.monotonic()
    const isOld =
      this.#lastFailure !== undefined && now - this.#lastFailure.at > mirrorLimits.breakerMemoryMs
    this.#failures = isOld ? 1 : this.#failures + 1
    this.#lastFailure = { at: now, message: error.message }
    this.#lastTryAt = now
  }
}
