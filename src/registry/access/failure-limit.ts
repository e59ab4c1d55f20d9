// Counts failures by where they come from, and says who has to wait.
import type { Clock } from '#base/clock.ts'

export interface FailureLimitOptions {
  clock: Clock
  failuresMax: number
  failureWindowMs: number
  addressesMax: number
}

export class FailureLimit {
  readonly #options: FailureLimitOptions
  /** Times of the last failures, in the order of the last one of each address. */
  readonly #failures = new Map<string, number[]>()

  constructor(options: FailureLimitOptions) {
    this.#options = options
  }

  /** How long `address` has to wait; 0 when it need not. */
  waitMs(address: string): number {
    const { clock, failuresMax, failureWindowMs } = this.#options
    const recent = this.#recent(address)
    return recent.length < failuresMax ? 0 : recent.at(-1)! + failureWindowMs - clock.now()
  }

  failed(address: string): void {
    const { clock, failuresMax, addressesMax } = this.#options
    const recent = [...this.#recent(address), clock.now()].slice(-failuresMax)
    this.#failures.delete(address)
    if (this.#failures.size >= addressesMax) {
      const [silentLongest] = this.#failures.keys()
      if (silentLongest !== undefined) this.#failures.delete(silentLongest)
    }
    this.#failures.set(address, recent)
  }

  #recent(address: string): number[] {
    const since = this.#options.clock.now() - this.#options.failureWindowMs
    return (this.#failures.get(address) ?? []).filter((at) => at > since)
  }
}
