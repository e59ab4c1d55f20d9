import type { Timer } from '#base/clock.ts'
import type { Turn } from './dispatcher.ts'
import type { FairQueue } from './fair-queues.ts'
import type { Level } from './level.ts'

export interface Asked {
  /** A level cuts down what is more than it gives to one request. */
  seats: number
  schema: string
  /** Which flow of the schema. */
  distinguisher: string
  signal: AbortSignal
}

/** A request that waits in a queue of its level. */
export interface WaitingRequest {
  readonly seats: number
  readonly asked: Asked
  readonly level: Level
  /** By the wall clock, milliseconds. */
  readonly arrivedAt: number
  goOn(turn: Turn): void
  refuse(reason: Error): void
  queue?: FairQueue<WaitingRequest> | undefined
  timer?: Timer
  onAbort?: () => void
}
