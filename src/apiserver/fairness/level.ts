// One priority level at work: its limits, its queues, and what became of its requests.
import { FairQueues } from './fair-queues.ts'
import { fairnessLimits } from './fairness-limits.ts'
import type { LevelSpec } from './flow-config.ts'
import type { SeatAccount } from './seat-ledger.ts'
import type { SeatLimits } from './seat-shares.ts'
import type { WaitingRequest } from './waiting-request.ts'

export class Level implements SeatAccount {
  readonly name: string
  spec: LevelSpec
  nominal = 0
  min = 0
  max = 0
  inUse = 0
  /** Requests being answered. */
  executing = 0
  /** Its object is gone: it takes nothing new, and goes when its requests have ended. */
  isQuiescing = false
  readonly queues = new FairQueues<WaitingRequest>()
  readonly counts = { dispatched: 0, rejected: 0, timedOut: 0, cancelled: 0 }

  constructor(spec: LevelSpec) {
    this.name = spec.name
    this.spec = spec
  }

  get isExempt(): boolean {
    return this.spec.isExempt
  }

  get isIdle(): boolean {
    return this.executing === 0 && this.queues.waiting === 0
  }

  setLimits({ nominal, min, max }: SeatLimits): void {
    this.nominal = nominal
    this.min = min
    this.max = max
  }

  /** A request holds no more than a part of what its level has, so that others of the level go on beside it. */
  bounded(seats: number): number {
    if (seats === 1 || this.isExempt) return seats
    const most = Math.ceil(this.nominal * fairnessLimits.seatsOfOnePart)
    return Math.max(1, Math.min(seats, most))
  }

  /** How much of its own seats it uses: of two levels that wait, the one that uses less of them is served. */
  get load(): number {
    if (this.isExempt) return -1
    return this.nominal === 0 ? Infinity : this.inUse / this.nominal
  }
}
