// The queues of one priority level. The next request is of the queue that had the fewest seat-seconds so far, where a
// request under way counts as if it took its time in full: whoever waits with few requests is served between
// those who wait with many, and long requests cost what they take.
//
// What a queue had is held against the others only while somebody waits without a break: when nobody does, nobody
// was kept from anything, and all begin anew.
import { fairnessLimits } from './fairness-limits.ts'

export interface Waiting<R> {
  readonly seats: number
  /** Set while it waits. */
  queue?: FairQueue<R> | undefined
}

export interface FairQueue<R> {
  readonly index: number
  readonly waiting: R[]
  seatsInUse: number
  requestsInUse: number
  /** Seat-seconds of the requests that ended. */
  consumed: number
  period: number
  /** When it was served last, among all of the level. */
  servedAt: number
}

export class FairQueues<R extends Waiting<R>> {
  readonly #queues = new Map<number, FairQueue<R>>()
  #waiting = 0
  #period = 0
  #served = 0

  get waiting(): number {
    return this.#waiting
  }

  /** In the order of their numbers. */
  get all(): readonly FairQueue<R>[] {
    return [...this.#queues.values()].toSorted((a, b) => a.index - b.index)
  }

  /** Puts a request into the emptiest queue of its hand; false when that one is full. */
  add(request: R, hand: readonly number[], lengthMax: number): boolean {
    const queue = this.#emptiest(hand)
    if (queue.waiting.length >= lengthMax) return false
    if (queue.waiting.length === 0) queue.consumed = this.#startOf(queue)
    queue.period = this.#period
    queue.waiting.push(request)
    request.queue = queue
    this.#queues.set(queue.index, queue)
    this.#waiting++
    return true
  }

  /** The request whose turn it is. */
  next(): R | undefined {
    let best: FairQueue<R> | undefined
    for (const queue of this.#queues.values())
      if (queue.waiting.length > 0 && (best === undefined || isBefore(queue, best))) best = queue
    return best?.waiting[0]
  }

  /** Takes the request out to be answered; `ended` must follow, with the queue that is given back. */
  serve(request: R): FairQueue<R> {
    const queue = request.queue!
    // Before it is taken out: a queue that seems unused is forgotten.
    queue.seatsInUse += request.seats
    queue.requestsInUse++
    queue.servedAt = ++this.#served
    return this.remove(request)
  }

  /** Takes out a request that is not to be answered, or is now. */
  remove(request: R): FairQueue<R> {
    const queue = request.queue!
    queue.waiting.splice(queue.waiting.indexOf(request), 1)
    request.queue = undefined
    this.#waiting--
    if (this.#waiting === 0) this.#beginAnew()
    return queue
  }

  ended(queue: FairQueue<R>, seats: number, seconds: number): void {
    queue.seatsInUse -= seats
    queue.requestsInUse--
    if (queue.period === this.#period) queue.consumed += seats * seconds
    else this.#dropIdle(queue)
  }

  #emptiest(hand: readonly number[]): FairQueue<R> {
    let best: FairQueue<R> | undefined
    let least = Infinity
    for (const index of hand) {
      const queue = this.#queues.get(index) ?? newQueue<R>(index)
      const work = queue.waiting.length + queue.requestsInUse
      if (work < least) [best, least] = [queue, work]
    }
    return best!
  }

  /** Who had nothing to ask saved nothing up: it begins with what the one that waits and had least has had. */
  #startOf(queue: FairQueue<R>): number {
    let least = Infinity
    for (const one of this.#queues.values())
      if (one.waiting.length > 0) least = Math.min(least, one.consumed)
    const own = queue.period === this.#period ? queue.consumed : 0
    return least === Infinity ? own : Math.max(own, least)
  }

  #beginAnew(): void {
    this.#period++
    for (const queue of this.#queues.values()) this.#dropIdle(queue)
  }

  #dropIdle(queue: FairQueue<R>): void {
    if (queue.waiting.length === 0 && queue.requestsInUse === 0) this.#queues.delete(queue.index)
  }
}

const newQueue = <R>(index: number): FairQueue<R> => ({
  index,
  waiting: [],
  seatsInUse: 0,
  requestsInUse: 0,
  consumed: 0,
  period: -1,
  servedAt: 0,
})

/** What the queue will have had when all that is under way has ended. */
const dueOf = ({ consumed, seatsInUse }: FairQueue<unknown>): number =>
  consumed + seatsInUse * fairnessLimits.assumedSeconds

function isBefore(a: FairQueue<unknown>, b: FairQueue<unknown>): boolean {
  const by = dueOf(a) - dueOf(b)
  return by !== 0 ? by < 0 : a.servedAt < b.servedAt
}
