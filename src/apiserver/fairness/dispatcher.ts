// Lets the requests of one logical cluster go on, or wait, or be refused. When nobody waits, a request costs a few
// additions: queues are used only by those who wait.
import type { Clock } from '#base/clock.ts'
import { tooManyRequests } from '../api-errors.ts'
import { dealHand } from './deal-hand.ts'
import type { FairQueue } from './fair-queues.ts'
import { fairnessLimits } from './fairness-limits.ts'
import type { LevelSpec } from './flow-config.ts'
import { Level } from './level.ts'
import { SeatLedger } from './seat-ledger.ts'
import type { PoolMember, SeatPool, Taking } from './seat-pool.ts'
import { shareSeats } from './seat-shares.ts'
import type { Asked, WaitingRequest } from './waiting-request.ts'

/** A request that is answered now: `leave` when it no longer is. */
export interface Turn {
  /** May be called again, and does nothing then. */
  leave(): void
}

export interface DispatcherOptions {
  clock: Clock
  pool: SeatPool
  /** Which queues flows are dealt follows from it. */
  seed: number
  seats?: number
}

const refusal = () => tooManyRequests('Too many requests, please try again later.')

export class Dispatcher {
  readonly #clock: Clock
  readonly #seed: number
  readonly #seats: number
  readonly #ledger = new SeatLedger()
  readonly #levels = new Map<string, Level>()
  readonly #member: PoolMember
  #waiting = 0

  constructor({ clock, pool, seed, seats = fairnessLimits.clusterSeats }: DispatcherOptions) {
    this.#clock = clock
    this.#seed = seed
    this.#seats = seats
    this.#member = pool.join({
      serveOne: () => {
        const wasServed = this.#serveOne('is-next')
        if (wasServed && this.#next() !== undefined) this.#member.wait()
        return wasServed
      },
      serve: () => this.#serve(),
    })
  }

  get waiting(): number {
    return this.#waiting
  }

  get levels(): readonly Level[] {
    return [...this.#levels.values()]
  }

  level(name: string): Level {
    return this.#levels.get(name)!
  }

  /** Requests that wait or are answered stay in their levels, also in those that are gone. */
  setLevels(specs: readonly LevelSpec[]): void {
    const names = new Set(specs.map(({ name }) => name))
    for (const level of this.#levels.values()) level.isQuiescing = !names.has(level.name)
    for (const spec of specs) {
      const level = this.#levels.get(spec.name)
      if (level === undefined) this.#levels.set(spec.name, new Level(spec))
      else level.spec = spec
    }
    this.#shareOut()
    this.#serve()
  }

  /** Throws, or rejects with, "TooManyRequests"; rejects with the signal's reason when that aborts. */
  enter(level: Level, asked: Asked): Turn | Promise<Turn> {
    const seats = level.bounded(asked.seats)
    const refuses = level.spec.queuing === undefined && !level.isExempt
    // Nobody who waits is passed; an exempt level waits for the process only.
    const isFree = level.isExempt ? level.queues.waiting === 0 : this.#waiting === 0
    const taking = refuses ? 'never-waits' : 'may-wait'
    if ((isFree || refuses) && this.#ledger.fits(level, seats) && this.#member.take(seats, taking))
      return this.#begin(level, seats, undefined)
    if (refuses) {
      level.counts.rejected++
      throw refusal()
    }
    return this.#wait(level, seats, asked)
  }

  close(): void {
    this.#member.leave()
  }

  #wait(level: Level, seats: number, asked: Asked): Promise<Turn> {
    return new Promise((resolve, reject) => {
      const request: WaitingRequest = {
        seats,
        asked,
        level,
        arrivedAt: this.#clock.now(),
        goOn: resolve,
        refuse: reject,
      }
      if (asked.signal.aborted) return reject(asked.signal.reason as Error)
      if (!level.queues.add(request, this.#handOf(level, asked), lengthMaxOf(level))) {
        level.counts.rejected++
        return reject(refusal())
      }
      this.#waiting++
      request.timer = this.#clock.after(fairnessLimits.waitMs, () => {
        level.counts.timedOut++
        this.#giveUp(request, refusal())
      })
      request.onAbort = () => {
        level.counts.cancelled++
        this.#giveUp(request, asked.signal.reason as Error)
      }
      asked.signal.addEventListener('abort', request.onAbort, { once: true })
      this.#serve()
    })
  }

  #handOf({ spec: { queuing }, name }: Level, { schema, distinguisher }: Asked): number[] {
    if (queuing === undefined) return [0]
    return dealHand(`${name}\0${schema}\0${distinguisher}`, { ...queuing, seed: this.#seed })
  }

  #giveUp(request: WaitingRequest, reason: Error): void {
    request.level.queues.remove(request)
    this.#forget(request)
    request.refuse(reason)
    this.#settle(request.level)
    // It may have kept others from seats that were too few for it.
    this.#serve()
  }

  #forget(request: WaitingRequest): void {
    this.#waiting--
    request.timer?.cancel()
    if (request.onAbort !== undefined)
      request.asked.signal.removeEventListener('abort', request.onAbort)
  }

  #serve(): void {
    while (this.#waiting > 0 && this.#serveOne('may-wait'));
  }

  #serveOne(taking: Taking): boolean {
    const request = this.#next()
    if (request === undefined || !this.#member.take(request.seats, taking)) return false
    const { level, seats } = request
    const queue = level.queues.serve(request)
    this.#forget(request)
    request.goOn(this.#begin(level, seats, queue))
    return true
  }

  /** The request that is to go on next, where one can. */
  #next(): WaitingRequest | undefined {
    if (this.#waiting === 0) return undefined
    const levels = [...this.#levels.values()].filter(({ queues }) => queues.waiting > 0)
    let isOwed = false
    for (const level of levels.toSorted((a, b) => a.load - b.load)) {
      const request = level.queues.next()!
      // Seats that come free are kept for a level that waits for more of them and uses less of its own.
      const fits = isOwed
        ? this.#ledger.fitsOwn(level, request.seats)
        : this.#ledger.fits(level, request.seats)
      if (fits) return request
      isOwed ||= this.#ledger.isWithinMax(level, request.seats)
    }
    return undefined
  }

  #begin(level: Level, seats: number, queue: FairQueue<WaitingRequest> | undefined): Turn {
    this.#ledger.take(level, seats)
    level.executing++
    level.counts.dispatched++
    const begunAt = queue === undefined ? 0 : this.#clock.monotonic()
    let isOver = false
    return {
      leave: () => {
        if (isOver) return
        isOver = true
        if (queue !== undefined)
          level.queues.ended(queue, seats, (this.#clock.monotonic() - begunAt) / 1000)
        this.#end(level, seats)
      },
    }
  }

  #end(level: Level, seats: number): void {
    this.#ledger.give(level, seats)
    this.#member.give(seats)
    level.executing--
    this.#settle(level)
    this.#member.serveAll()
    this.#serve()
  }

  #settle(level: Level): void {
    if (level.isQuiescing && level.isIdle) this.#shareOut()
  }

  /** Levels that are gone keep their seats until their last request has ended. */
  #shareOut(): void {
    for (const level of this.#levels.values())
      if (level.isQuiescing && level.isIdle) this.#levels.delete(level.name)
    const specs = this.levels.map(({ spec }) => spec)
    const limits = shareSeats(specs, this.#seats)
    let own = 0
    for (const level of this.#levels.values()) {
      level.setLimits(limits.get(level.name)!)
      own += level.nominal
    }
    // Rounding up may give out a few seats more than there are.
    this.#ledger.setAccounts(this.#levels.values(), Math.max(this.#seats, own))
  }
}

const lengthMaxOf = ({ spec }: Level): number =>
  spec.queuing?.queueLengthLimit ?? fairnessLimits.exemptWaitingMax
