// The way of a simulated server to its disk: it takes a while, the disk may be full, and the server may
// die before, during or after any write. What is on the disk is an exact prefix of what was to go there.
import type { Clock } from '#base/clock.ts'
import type { Random } from '#base/random.ts'
import type { Committer, Write } from '#storage/committer.ts'
import type { MemoryLog } from '#storage/memory-log.ts'
import type { Faults } from '../faults.ts'
import type { DurableState } from './durable-state.ts'

const COMMIT_MS_MAX = 10
const never = new Promise<never>(() => undefined)

export interface SimDiskOptions {
  /** Outlives the server. */
  log: MemoryLog
  state: DurableState
  clock: Clock
  random: Random
  faults: Faults
  isFull: () => boolean
  /** Kills the server this disk belongs to, in the middle of a write. */
  killServer: () => void
}

/** The disk as one life of the server sees it. */
export class SimDisk implements Committer {
  readonly #options: SimDiskOptions
  #underWay: readonly Write[] = []
  #isDead = false

  constructor(options: SimDiskOptions) {
    this.#options = options
  }

  /** Of what is under way, some writes reach the disk now; nothing does later. */
  crash(): void {
    this.#isDead = true
    const reached = Math.floor(this.#options.random.next() * (this.#underWay.length + 1))
    this.#keep(this.#underWay.slice(0, reached))
  }

  async commit(writes: readonly Write[]): Promise<void> {
    const { clock, random, faults, isFull, killServer, state } = this.#options
    if (this.#isDead) return never
    if (isFull()) throw new Error('database or disk is full')
    this.#underWay = writes
    await clock.sleep(Math.ceil(random.next() * COMMIT_MS_MAX))
    if (faults.strikes('server-crash-at-write', state.name)) killServer()
    if (this.#isDead) return never
    this.#underWay = []
    this.#keep(writes)
  }

  compact(revision: number): Promise<void> {
    return this.#isDead ? never : this.#options.log.compact(revision)
  }

  backup(path: string): Promise<void> {
    return this.#options.log.backup(path)
  }

  close(): Promise<void> {
    return this.#options.log.close()
  }

  #keep(writes: readonly Write[]): void {
    if (writes.length === 0) return
    // The log in memory takes writes at once.
    void this.#options.log.commit(writes)
    for (const write of writes) this.#options.state.take(write)
  }
}
