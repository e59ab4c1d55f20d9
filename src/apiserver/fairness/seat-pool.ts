// The seats of the whole process, which all of its logical clusters share: a cluster that is flooded, also by its own
// administrators, holds up itself. Clusters that wait get the seats in turn, the one that holds fewest first; a few
// seats each cluster has whatever the others do.
import assert from 'node:assert/strict'
import { fairnessLimits } from './fairness-limits.ts'

export class SeatPool {
  readonly #seats: number
  readonly #guaranteed: number
  readonly #hungry = new Set<PoolMember>()
  #inUse = 0

  constructor(
    seats: number = fairnessLimits.processSeats,
    guaranteed: number = fairnessLimits.guaranteedSeats,
  ) {
    this.#seats = seats
    this.#guaranteed = guaranteed
  }

  get inUse(): number {
    return this.#inUse
  }

  /** `serveOne` lets one waiting request of the cluster go on, if it can, and tells whether it did. */
  join(serveOne: () => boolean): PoolMember {
    return new PoolMember(this, serveOne)
  }

  /** Seats for a member; without `isItsTurn` nobody passes those who wait. False also notes that it waits. */
  take(member: PoolMember, seats: number, isItsTurn: boolean): boolean {
    if (!this.#fits(member, seats, isItsTurn)) {
      this.#hungry.add(member)
      return false
    }
    this.#inUse += seats
    member.inUse += seats
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
      if (!member.serveOne() && this.#hungry.has(member)) return
    }
  }

  wait(member: PoolMember): void {
    this.#hungry.add(member)
  }

  leave(member: PoolMember): void {
    this.#hungry.delete(member)
  }

  #fits(member: PoolMember, seats: number, isItsTurn: boolean): boolean {
    if (member.inUse + seats <= this.#guaranteed) return true
    if (this.#hungry.size > 0 && !isItsTurn) return false
    return this.#inUse + seats <= this.#seats
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
  readonly serveOne: () => boolean
  inUse = 0

  constructor(pool: SeatPool, serveOne: () => boolean) {
    this.#pool = pool
    this.serveOne = serveOne
  }

  take(seats: number, isItsTurn = false): boolean {
    return this.#pool.take(this, seats, isItsTurn)
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
