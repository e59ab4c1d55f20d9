// What must hold at every moment of a simulation, whatever fails. Each check is one file.
import type { FakeClock } from '#base/fake-clock.ts'
import type { Change, DurableState } from '../api/durable-state.ts'

export interface CheckContext {
  /** What is on the disk of the API that is checked. */
  state: DurableState
  clock: FakeClock
  /** Says what is wrong; the simulation ends there. */
  report: (problem: string) => void
}

export interface Check {
  /** Called after each change that reached the disk. */
  changed?(change: Change): void
  /** Called every few simulated seconds, for what time alone makes wrong. */
  passed?(): void
}
