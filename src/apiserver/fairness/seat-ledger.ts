// Who holds how many seats of one cluster. A level takes seats that others leave idle at once and without asking;
// what it never lends is left to each level, so that it has those seats the moment it needs them.
import assert from 'node:assert/strict'
import type { SeatLimits } from './seat-shares.ts'

export interface SeatAccount extends SeatLimits {
  readonly isExempt: boolean
  inUse: number
}

export class SeatLedger {
  /** Seats that nobody holds and nobody keeps for himself; below zero after limits were lowered. */
  #free = 0

  /** To be told anew whenever limits change. */
  setAccounts(accounts: Iterable<SeatAccount>, total: number): void {
    this.#free = total
    for (const account of accounts) this.#free -= claimOf(account, account.inUse)
  }

  fits(account: SeatAccount, seats: number): boolean {
    if (account.isExempt) return true
    const after = account.inUse + seats
    if (after > account.max) return false
    const more = claimOf(account, after) - claimOf(account, account.inUse)
    return more <= 0 || more <= this.#free
  }

  /** Fits without a seat that another level could have. */
  fitsOwn(account: SeatAccount, seats: number): boolean {
    return account.isExempt || account.inUse + seats <= account.min
  }

  /** The level may hold so many: if they do not fit, it is for what others hold. */
  isWithinMax(account: SeatAccount, seats: number): boolean {
    return account.isExempt || account.inUse + seats <= account.max
  }

  take(account: SeatAccount, seats: number): void {
    this.#move(account, seats)
  }

  give(account: SeatAccount, seats: number): void {
    assert.ok(account.inUse >= seats, 'a level gives back more seats than it holds')
    this.#move(account, -seats)
  }

  #move(account: SeatAccount, seats: number): void {
    const before = claimOf(account, account.inUse)
    account.inUse += seats
    this.#free -= claimOf(account, account.inUse) - before
  }
}

/** The seats that others cannot have because of this level. */
const claimOf = ({ min }: SeatAccount, inUse: number): number => Math.max(min, inUse)
