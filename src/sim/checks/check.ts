// What must hold at every moment of a simulation, whatever fails. Each check is one file.
import type { Clock } from '#base/clock.ts'
import type { Change, Observer } from '../observer.ts'

export interface CheckContext {
  observer: Observer
  clock: Clock
  /** Says what is wrong; the simulation ends there. */
  report: (problem: string) => void
}

export interface Check {
  /** Called after each change the observer saw. */
  changed(change: Change): void
}
