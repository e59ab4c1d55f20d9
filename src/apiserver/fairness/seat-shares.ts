// How the seats of a cluster are shared out between its priority levels.
import type { LevelSpec } from './flow-config.ts'

export interface SeatLimits {
  /** The level's own seats: its part by shares. */
  nominal: number
  /** Those of them that it never lends. */
  min: number
  /** All it may hold, borrowed ones included. */
  max: number
}

/** Rounded as Kubernetes does: up for the seats, to the nearest for what is lent and borrowed. */
export function shareSeats(levels: readonly LevelSpec[], total: number): Map<string, SeatLimits> {
  const shares = levels.reduce((sum, level) => sum + level.shares, 0)
  return new Map(
    levels.map(({ name, shares: own, lendablePercent, borrowingLimitPercent, isExempt }) => {
      const nominal = shares === 0 ? 0 : Math.ceil((total * own) / shares)
      const lendable = Math.round((nominal * lendablePercent) / 100)
      const borrowing = Math.round((nominal * borrowingLimitPercent) / 100)
      const isUnbounded = isExempt || borrowingLimitPercent === Infinity
      const max = isUnbounded ? Infinity : nominal + borrowing
      return [name, { nominal, min: nominal - lendable, max }]
    }),
  )
}
