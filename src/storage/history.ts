// The newest events, for watches that begin in the past. Bounded by count and by bytes.
import type { StoreEvent } from './types.ts'

export interface HistoryLimits {
  eventsMax: number
  bytesMax: number
}

/** Forgotten events at the front of the array before it is cut. */
const slackEvents = 4_096

export class History {
  readonly #limits: HistoryLimits
  #events: StoreEvent[] = []
  /** Index of the oldest event that still counts. */
  #start = 0
  #bytes = 0
  #oldest: number

  constructor(limits: HistoryLimits, oldest: number) {
    this.#limits = limits
    this.#oldest = oldest
  }

  /** Everything after this revision is known. */
  get oldest(): number {
    return this.#oldest
  }

  /** `events` are those of one or several whole commits. */
  add(events: readonly StoreEvent[]): void {
    for (const event of events) {
      this.#events.push(event)
      this.#bytes += bytesOf(event)
    }
    while (this.#isOverfull()) this.forget(this.#events[this.#start]!.revision)
  }

  /** Events above `revision`, which must not be below `oldest`. */
  after(revision: number): StoreEvent[] {
    let low = this.#start
    let high = this.#events.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#events[middle]!.revision > revision) high = middle
      else low = middle + 1
    }
    return this.#events.slice(low)
  }

  /** Drops what happened up to `revision`; a commit goes whole. */
  forget(revision: number): void {
    if (revision <= this.#oldest) return
    this.#oldest = revision
    while (this.#start < this.#events.length) {
      const event = this.#events[this.#start]!
      if (event.revision > revision) break
      this.#bytes -= bytesOf(event)
      this.#start++
    }
    if (this.#start < slackEvents && this.#start < this.#events.length) return
    this.#events = this.#events.slice(this.#start)
    this.#start = 0
  }

  #isOverfull(): boolean {
    const length = this.#events.length - this.#start
    return length > this.#limits.eventsMax || (length > 0 && this.#bytes > this.#limits.bytesMax)
  }
}

/** A value counts once, with the event that wrote it. */
function bytesOf(event: StoreEvent): number {
  return event.key.length + (event.type === 'put' ? event.value.byteLength : 0)
}
