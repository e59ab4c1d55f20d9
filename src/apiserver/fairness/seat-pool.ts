// The seats of the whole process, which all of its logical clusters share: a cluster that is flooded, also by its own
// administrators, holds up itself. Clusters that wait get the seats in turn, the one that holds fewest first; a few
// seats each cluster has whatever the others do.
//
// Large lists are worked on without a pause. So that a hundred of them, allowed to go on at the same moment, do not keep
// everybody from being heard, only a few of them begin between two looks at the network (a turn of the event loop).
import assert from 'node:assert/strict'
import { fairnessLimits } from './fairness-limits.ts'

export interface PoolOptions {
  seats?: number
  guaranteed?: number
  /** Calls back when what came over the network in the meantime has been looked at. */
  nextTurn?: (callback: () => void) => void
}

/** What a cluster does when there may be seats for it. */
export interface PoolCallbacks {
  /** Lets one waiting request go on, if it can, and tells whether it did. */
  serveOne(): boolean
  /** Lets all go on that can. */
  serve(): void
}

/** For a request that waits if it must, for the one of all that is next, or for one that does not wait. */
export type Taking = 'may-wait' | 'is-next' | 'never-waits'

export class SeatPool {
  readonly #seats: number
  readonly #guaranteed: number
  readonly #nextTurn: (callback: () => void) => void
  /** Those that wait for seats. */
  readonly #hungry = new Set<PoolMember>()
  /** Those that wait for the next turn of the event loop. */
  readonly #held = new Set<PoolMember>()
  #inUse = 0
  /** Seats of the large requests that began in this turn. */
  #begun = 0

  constructor(options: PoolOptions = {}) {
    this.#seats = options.seats ?? fairnessLimits.processSeats
    this.#guaranteed = options.guaranteed ?? fairnessLimits.guaranteedSeats
    this.#nextTurn = options.nextTurn ?? setImmediate
  }

  get inUse(): number {
    return this.#inUse
  }

  join(callbacks: PoolCallbacks): PoolMember {
    return new PoolMember(this, callbacks)
  }

  /** Whether the member has these seats now; if it would wait for them, it will be called. */
  take(member: PoolMember, seats: number, taking: Taking): boolean {
    const mayWait = taking !== 'never-waits'
    if (!this.#fits(member, seats, taking === 'is-next')) {
      if (mayWait) this.#hungry.add(member)
      return false
    }
    if (mayWait && this.#isTooMuchAtOnce(seats)) {
      this.#held.add(member)
      return false
    }
    this.#inUse += seats
    member.inUse += seats
    if (seats > 1) this.#count(seats)
    return true
  }

  give(member: PoolMember, seats: number): void {
    assert.ok(member.inUse >= seats, 'a cluster gives back more seats than it holds')
    this.#inUse -= seats
    member.inUse -= seats
  }

  /** Gives what is free to those who wait. */
  serve(): void {
    while (this.#hungry.size > 0 && this.#inUse < this.#seats) {
      const member = this.#hungriest()
      this.#hungry.delete(member)
      // It waits for more seats than are free: nobody passes it.
      if (!member.callbacks.serveOne() && this.#hungry.has(member)) return
    }
  }

  wait(member: PoolMember): void {
    this.#hungry.add(member)
  }

  leave(member: PoolMember): void {
    this.#hungry.delete(member)
    this.#held.delete(member)
  }

  #fits(member: PoolMember, seats: number, isNext: boolean): boolean {
    if (member.inUse + seats <= this.#guaranteed) return true
    if (this.#hungry.size > 0 && !isNext) return false
    return this.#inUse + seats <= this.#seats
  }

  #isTooMuchAtOnce(seats: number): boolean {
    return seats > 1 && this.#begun > 0 && this.#begun + seats > fairnessLimits.seatsOfATurn
  }

  #count(seats: number): void {
    if (this.#begun === 0) this.#nextTurn(() => this.#beginTurn())
    this.#begun += seats
  }

  #beginTurn(): void {
    this.#begun = 0
    const members = [...this.#held]
    this.#held.clear()
    const served: PoolMember[] = []
    for (const member of members) {
      const before = this.#begun
      member.callbacks.serve()
      if (this.#begun > before) served.push(member)
    }
    // Who came to nothing is first the next time.
    for (const member of served) if (this.#held.delete(member)) this.#held.add(member)
  }

  #hungriest(): PoolMember {
    let best: PoolMember | undefined
    for (const member of this.#hungry)
      if (best === undefined || member.inUse < best.inUse) best = member
    return best!
  }
}

/** A logical cluster among those of its process. */
export class PoolMember {
  readonly #pool: SeatPool
  readonly callbacks: PoolCallbacks
  inUse = 0

  constructor(pool: SeatPool, callbacks: PoolCallbacks) {
    this.#pool = pool
    this.callbacks = callbacks
  }

  take(seats: number, taking: Taking): boolean {
    return this.#pool.take(this, seats, taking)
  }

  /** Asks for a turn. */
  wait(): void {
    this.#pool.wait(this)
  }

  give(seats: number): void {
    this.#pool.give(this, seats)
  }

  /** Gives what is free to the clusters that wait, this one among them. */
  serveAll(): void {
    this.#pool.serve()
  }

  /** Waits no more. */
  leave(): void {
    this.#pool.leave(this)
  }
}
