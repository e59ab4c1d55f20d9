// The way of a simulated server to its log: it takes a while, and the server may die meanwhile.
import type { Clock } from '#base/clock.ts'
import type { Random } from '#base/random.ts'
import type { Committer, Write } from '#storage/committer.ts'
import type { MemoryLog } from '#storage/memory-log.ts'

const COMMIT_MS_MAX = 10
const never = new Promise<never>(() => undefined)

export class SlowWriter implements Committer {
  readonly #disk: MemoryLog
  readonly #clock: Clock
  readonly #random: Random
  #underWay: readonly Write[] | undefined
  #isDead = false

  constructor(disk: MemoryLog, { clock, random }: { clock: Clock; random: Random }) {
    this.#disk = disk
    this.#clock = clock
    this.#random = random
  }

  /** What is under way reaches the log now or never; nothing does later. */
  crash(): void {
    this.#isDead = true
    if (this.#underWay !== undefined && this.#random.next() < 0.5)
      void this.#disk.commit(this.#underWay)
  }

  async commit(writes: readonly Write[]): Promise<void> {
    if (this.#isDead) return never
    this.#underWay = writes
    await this.#clock.sleep(Math.ceil(this.#random.next() * COMMIT_MS_MAX))
    if (this.#isDead) return never
    await this.#disk.commit(writes)
    this.#underWay = undefined
  }

  compact(revision: number): Promise<void> {
    return this.#isDead ? never : this.#disk.compact(revision)
  }

  backup(path: string): Promise<void> {
    return this.#disk.backup(path)
  }

  close(): Promise<void> {
    return this.#disk.close()
  }
}
