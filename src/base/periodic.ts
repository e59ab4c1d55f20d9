// Something done again and again, one time after the other, until it is stopped.
import type { Clock } from './clock.ts'

export interface PeriodicOptions {
  /** From the end of one time to the begin of the next; the first comes after it too. */
  periodMs: number
  clock: Clock
  /** Long work looks at the signal. */
  work: (signal: AbortSignal) => Promise<void>
  /** One time failed; the next comes all the same. */
  failed: (error: unknown) => void
}

export class Periodic {
  readonly #options: PeriodicOptions
  readonly #stopped = new AbortController()
  #running: Promise<void> | undefined

  constructor(options: PeriodicOptions) {
    this.#options = options
  }

  start(): void {
    this.#running ??= this.#run()
  }

  /** Resolves when the work under way has ended. */
  async stop(): Promise<void> {
    this.#stopped.abort()
    await this.#running
  }

  async #run(): Promise<void> {
    const { clock, periodMs, work, failed } = this.#options
    const { signal } = this.#stopped
    while (!signal.aborted) {
      await clock.sleep(periodMs, signal).catch((error: unknown) => {
        if (!signal.aborted) throw error
      })
      if (!signal.aborted) await work(signal).catch(failed)
    }
  }
}
