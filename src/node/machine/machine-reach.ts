// Whether the machine is reached from outside. The agent speaks with containerd by a Unix socket, also
// when the machine's network is cut: what it says of node and pods must not rest on that alone.
import type { Clock, Timer } from '#base/clock.ts'
import { nodeLimits } from '../limits.ts'

/** Unknown after a start: silence counts only when it lasts, or has been broken before. */
export type Reach = 'unknown' | 'answering' | 'silent'

export interface MachineReachOptions {
  isMachineAnswering: () => boolean
  clock: Clock
  changed: (reach: Reach) => void
}

export class MachineReach {
  readonly #options: MachineReachOptions
  #state: Reach = 'unknown'
  #unknownSinceMs = 0
  #timer: Timer | undefined

  constructor(options: MachineReachOptions) {
    this.#options = options
  }

  get state(): Reach {
    return this.#state
  }

  start(): void {
    this.#unknownSinceMs = this.#options.clock.now()
    this.#look()
  }

  stop(): void {
    this.#timer?.cancel()
  }

  /** What kept the machine silent may be over: it gets the whole grace again to be heard. */
  giveGrace(): void {
    if (this.#state !== 'silent') return
    this.#unknownSinceMs = this.#options.clock.now()
    this.#set('unknown')
  }

  #look(): void {
    const { clock, isMachineAnswering } = this.#options
    if (isMachineAnswering()) this.#set('answering')
    else if (this.#state === 'answering' || this.#graceIsOver()) this.#set('silent')
    const { firstLookPeriodMs, reachPeriodMs } = nodeLimits
    const periodMs = this.#state === 'unknown' ? firstLookPeriodMs : reachPeriodMs
    this.#timer = clock.after(periodMs, () => this.#look())
  }

  #graceIsOver(): boolean {
    return this.#options.clock.now() - this.#unknownSinceMs >= nodeLimits.reachGraceMs
  }

  #set(state: Reach): void {
    if (state === this.#state) return
    this.#state = state
    this.#options.changed(state)
  }
}
