// A log without a disk, for the simulation and for tests. It outlives the store on it, as a file
// outlives a process: open another store on the same log to see what a restart would.
import type { Change, Committer, LogContent, Write } from './committer.ts'

export class MemoryLog implements Committer {
  #writes: Write[] = []
  #revision = 0
  #compacted = 0

  content(): LogContent {
    return { revision: this.#revision, compacted: this.#compacted, writes: [...this.#writes] }
  }

  async commit(writes: readonly Write[]): Promise<void> {
    this.#writes.push(...writes)
    this.#revision = writes.at(-1)?.revision ?? this.#revision
  }

  async compact(revision: number): Promise<void> {
    this.#compacted = Math.max(this.#compacted, revision)
    const newest = new Map<string, number>()
    for (const write of this.#writes)
      if (write.revision <= revision)
        for (const { key } of write.changes) newest.set(key, write.revision)
    const isKept = (write: Write, { key, value }: Change) =>
      write.revision > revision || (value !== null && newest.get(key) === write.revision)
    this.#writes = this.#writes
      .map((write) => ({
        revision: write.revision,
        changes: write.changes.filter((change) => isKept(write, change)),
      }))
      .filter(({ changes }) => changes.length > 0)
  }

  async backup(path: string): Promise<void> {
    throw new Error(`cannot copy to ${path}: this store is in memory and has no file`)
  }

  async close(): Promise<void> {}
}
