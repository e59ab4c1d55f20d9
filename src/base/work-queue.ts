// The loop of every level-triggered reconciler: a set of keys, each worked on by one worker at a
// time, retried with back-off. The reconciler reads the state itself; a key carries no event.
import { backoffDelayMs, type BackoffRule } from './backoff.ts'
import type { Clock, Timer } from './clock.ts'
import { isReason } from './errors.ts'
import { limits } from './limits.ts'
import type { Logger } from './log.ts'
import type { Random } from './random.ts'

/** What a reconciler says of a key: nothing more to do, or look again after `afterMs`. */
export type ReconcileResult = void | { afterMs: number }
export type Reconcile = (key: string, signal: AbortSignal) => Promise<ReconcileResult>

export interface WorkQueueOptions {
  name: string
  reconcile: Reconcile
  clock: Clock
  random: Random
  log: Logger
  /** Keys worked on at once; 1 unless given. */
  workers?: number
  backoff?: BackoffRule
}

export class WorkQueue {
  readonly #options: WorkQueueOptions
  readonly #abort = new AbortController()
  /** Insertion order is the order of work. */
  readonly #ready = new Set<string>()
  readonly #active = new Map<string, Promise<void>>()
  /** Keys added while being worked on: they go back to `#ready` afterwards. */
  readonly #again = new Set<string>()
  readonly #later = new Map<string, { timer: Timer; at: number }>()
  readonly #failures = new Map<string, number>()
  #started = false

  constructor(options: WorkQueueOptions) {
    this.#options = options
  }

  /** Asks for `key` to be reconciled as soon as a worker is free. */
  add(key: string): void {
    if (this.#abort.signal.aborted) return
    if (this.#active.has(key)) {
      this.#again.add(key)
      return
    }
    if (this.#ready.size >= limits.workQueueKeysMax && !this.#ready.has(key))
      throw new RangeError(`queue ${this.#options.name} holds ${this.#ready.size} keys already`)
    this.#ready.add(key)
    this.#fill()
  }

  /** Asks for `key` after a delay; the earliest of several such wishes counts. */
  addAfter(key: string, delayMs: number): void {
    if (this.#abort.signal.aborted) return
    const at = this.#options.clock.monotonic() + delayMs
    const earlier = this.#later.get(key)
    if (earlier !== undefined && earlier.at <= at) return
    earlier?.timer.cancel()
    const timer = this.#options.clock.after(delayMs, () => {
      this.#later.delete(key)
      this.add(key)
    })
    this.#later.set(key, { timer, at })
  }

  /** Keys waiting or being worked on; delayed ones do not count. */
  get length(): number {
    return this.#ready.size + this.#active.size
  }

  start(): void {
    this.#started = true
    this.#fill()
  }

  /** Stops taking keys, aborts the running reconciles and waits for them. */
  async stop(): Promise<void> {
    this.#abort.abort(new Error(`queue ${this.#options.name} stops`))
    for (const { timer } of this.#later.values()) timer.cancel()
    this.#later.clear()
    this.#ready.clear()
    await Promise.allSettled(this.#active.values())
  }

  #fill(): void {
    if (!this.#started) return
    for (const key of this.#ready) {
      if (this.#active.size >= (this.#options.workers ?? 1)) return
      this.#ready.delete(key)
      this.#active.set(key, this.#work(key))
    }
  }

  async #work(key: string): Promise<void> {
    // One turn later, so that `#active` knows this key before the reconciler runs.
    await Promise.resolve()
    this.#again.delete(key)
    try {
      const result = await this.#options.reconcile(key, this.#abort.signal)
      this.#failures.delete(key)
      if (result) this.addAfter(key, result.afterMs)
    } catch (error) {
      this.#retry(key, error)
    } finally {
      this.#active.delete(key)
      if (this.#again.delete(key)) this.add(key)
      this.#fill()
    }
  }

  #retry(key: string, error: unknown): void {
    if (this.#abort.signal.aborted) return
    const { name, log, random, backoff = limits.reconcileBackoff } = this.#options
    const failures = this.#failures.get(key) ?? 0
    this.#failures.set(key, failures + 1)
    // A conflict only says that our copy was old: the retry reads anew.
    const level = isReason(error, 'Conflict') ? 'debug' : 'warn'
    log[level]('reconcile failed, will retry', { queue: name, key, failures, error })
    this.addAfter(key, backoffDelayMs(backoff, failures, random))
  }
}
