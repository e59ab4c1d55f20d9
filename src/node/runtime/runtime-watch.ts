// Follows the runtime's events and its health, over its restarts.
import { backoffDelayMs } from '#base/backoff.ts'
import type { Clock, Timer } from '#base/clock.ts'
import type { Logger } from '#base/log.ts'
import type { Random } from '#base/random.ts'
import { nodeLimits } from '../limits.ts'
import type { Runtime, RuntimeCondition, RuntimeEvent } from './runtime.ts'

export interface RuntimeWatchOptions {
  runtime: Runtime
  clock: Clock
  random: Random
  log: Logger
  /** The runtime answers (again): events may have been missed. */
  came: () => void
  event: (event: RuntimeEvent) => void
  /** `problem` may have changed. */
  healthChanged: () => void
}

const DOWN = 'container runtime is down'

function networkProblem(conditions: readonly RuntimeCondition[]): string | undefined {
  const bad = conditions.find(({ status }) => !status)
  if (bad === undefined) return undefined
  const what = bad.type === 'NetworkReady' ? 'container runtime network' : 'container runtime'
  return `${what} not ready: ${bad.type}=false reason:${bad.reason} message:${bad.message}`
}

export class RuntimeWatch {
  readonly #options: RuntimeWatchOptions
  readonly #abort = new AbortController()
  #running: Promise<void> | undefined
  #ping: Timer | undefined
  #isUp = false
  #conditionProblem: string | undefined
  #version = ''
  readonly #known = Promise.withResolvers<void>()

  constructor(options: RuntimeWatchOptions) {
    this.#options = options
  }

  /** What is wrong with the runtime, for the node's condition. */
  get problem(): string | undefined {
    return this.#isUp ? this.#conditionProblem : DOWN
  }

  /** Resolves when the runtime answered for the first time, or did not. */
  get known(): Promise<void> {
    return this.#known.promise
  }

  /** "containerd://1.6.20"; empty before the runtime first answered. */
  get version(): string {
    return this.#version
  }

  start(): void {
    this.#running = this.#run()
  }

  async stop(): Promise<void> {
    this.#abort.abort(new Error('the agent stops'))
    this.#ping?.cancel()
    await this.#running
  }

  async #run(): Promise<void> {
    const { signal } = this.#abort
    const { clock, random, log } = this.#options
    for (let failures = 0; !signal.aborted; failures++) {
      try {
        await this.#follow(() => (failures = 0))
      } catch (error) {
        // Said once for an outage, which goes on until one of the next tries succeeds.
        if (!signal.aborted && failures === 0)
          log.warn('the container runtime does not answer', { error })
      }
      this.#setUp(false)
      this.#known.resolve()
      if (signal.aborted) return
      const delayMs = backoffDelayMs(nodeLimits.eventStreamBackoff, failures, random)
      await clock.sleep(delayMs, signal).catch((error: unknown) => {
        if (!signal.aborted) throw error
      })
    }
  }

  /** Follows one event stream to its end. */
  async #follow(succeeded: () => void): Promise<void> {
    const { runtime, event } = this.#options
    const events = runtime.events(this.#abort.signal)[Symbol.asyncIterator]()
    // Opened before anything is read, so that no change falls between.
    let next = events.next()
    const opened = Promise.all([runtime.version(), runtime.conditions()])
    const first = await Promise.race([opened, next.then(() => opened)])
    const [{ name, version }, conditions] = first
    this.#version = `${name}://${version.split('~')[0]}`
    this.#conditionProblem = networkProblem(conditions)
    succeeded()
    this.#setUp(true)
    for (let item = await next; item.done !== true; item = await next) {
      event(item.value)
      next = events.next()
    }
  }

  #setUp(isUp: boolean): void {
    if (isUp === this.#isUp) return
    this.#isUp = isUp
    this.#ping?.cancel()
    this.#options.healthChanged()
    if (!isUp) return
    this.#known.resolve()
    this.#options.came()
    this.#pingLater(nodeLimits.secondLookMs, () => this.#options.came())
  }

  #pingLater(delayMs: number, before?: () => void): void {
    this.#ping = this.#options.clock.after(delayMs, () => {
      before?.()
      this.#look().catch((error: unknown) => {
        this.#options.log.warn('the health of the runtime is unknown', { error })
      })
    })
  }

  async #look(): Promise<void> {
    const { clock, runtime, healthChanged } = this.#options
    const late = clock.after(nodeLimits.runtimePingTimeoutMs, () => {
      this.#conditionProblem = 'container runtime does not answer'
      healthChanged()
    })
    try {
      const problem = networkProblem(await runtime.conditions())
      const changed = problem !== this.#conditionProblem
      this.#conditionProblem = problem
      if (changed) healthChanged()
    } finally {
      late.cancel()
      if (this.#isUp && !this.#abort.signal.aborted) this.#pingLater(nodeLimits.runtimePingPeriodMs)
    }
  }
}
