// The committer on a SQLite file: tells the thread that owns the file what to do, and codes values on the way.
import type { Change, Committer, LogContent, Write } from './committer.ts'
import { packBatch, transferOf, unpackBatch } from './packed-batch.ts'
import { isCoded, type ValueCodec } from './value-codec.ts'
import type { StoredValue, WriterTask, WriterAnswers } from './writer-messages.ts'
import type { WriterPool, WriterSeat } from './writer-pool.ts'

export interface WriterOptions {
  path: string
  pool: WriterPool
  codec: ValueCodec
  /** The thread died: its commits are lost or not, nobody knows. Nothing can be written any more. */
  onLost: (error: Error) => void
}

export class Writer implements Committer {
  readonly #seat: WriterSeat
  readonly #codec: ValueCodec
  readonly #open = new Set<Promise<unknown>>()
  #isClosed = false

  private constructor(seat: WriterSeat, codec: ValueCodec) {
    this.#seat = seat
    this.#codec = codec
  }

  /** Opens the file and reads it all. Rejects with DatabaseError, or with what the codec says of a value. */
  static async open(options: WriterOptions): Promise<{ writer: Writer; content: LogContent }> {
    const { path, pool, codec, onLost } = options
    const seat = pool.take((error) => {
      if (!writer.#isClosed) onLost(error)
    })
    const writer: Writer = new Writer(seat, codec)
    try {
      const place = await seat.ask({ type: 'open', path })
      try {
        return { writer, content: { ...place, writes: await writer.#read() } }
      } catch (error) {
        await seat.ask({ type: 'close' })
        throw error
      }
    } catch (error) {
      writer.#isClosed = true
      await seat.leave()
      throw error
    }
  }

  async commit(writes: readonly Write[]): Promise<void> {
    const batch = packBatch(this.#mapped(writes, (key, value) => this.#codec.encode(key, value)))
    await this.#ask({ type: 'commit', batch }, transferOf(batch))
  }

  async compact(revision: number): Promise<void> {
    while (await this.#ask({ type: 'compact', revision }));
  }

  async recode(): Promise<number> {
    const { prefixes } = this.#codec
    if (prefixes.length === 0) return 0
    let count = 0
    let fromClear = false
    for (let after: number | undefined = 0; after !== undefined;) {
      const page: WriterAnswers['values'] = await this.#ask({ type: 'values', after, prefixes })
      const stale = page.values.filter(({ key, value }) => !this.#codec.isCurrent(key, value))
      const values = stale.map((one) => this.#recoded(one))
      fromClear ||= values.some(({ wasClear }) => wasClear)
      if (values.length > 0) await this.#ask({ type: 'replace', values })
      count += values.length
      after = page.after
    }
    if (count > 0) await this.#ask({ type: 'scrub', whole: fromClear })
    return count
  }

  async backup(path: string): Promise<void> {
    await this.#ask({ type: 'backup', path })
  }

  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    await Promise.allSettled(this.#open)
    try {
      await this.#seat.ask({ type: 'close' })
    } finally {
      await this.#seat.leave()
    }
  }

  async #read(): Promise<Write[]> {
    const writes: Write[] = []
    // Asked for ahead: the thread reads the next part while this one is taken in.
    let next = this.#seat.ask({ type: 'read' })
    for (;;) {
      const batch = await next
      if (batch.keys.length === 0) return writes
      next = this.#seat.ask({ type: 'read' })
      // A slice, since a view would keep the whole batch for as long as one of its values is current.
      const decode = (key: string, value: Uint8Array) =>
        isCoded(this.#codec, key) ? this.#codec.decode(key, value) : value.slice()
      try {
        for (const write of unpackBatch(batch)) writes.push(mapValues(write, decode))
      } catch (error) {
        await next
        throw error
      }
    }
  }

  #mapped(writes: readonly Write[], map: (key: string, value: Uint8Array) => Uint8Array) {
    if (this.#codec.prefixes.length === 0) return writes
    return writes.map((write) =>
      write.changes.some(({ key }) => isCoded(this.#codec, key))
        ? mapValues(write, (key, value) => (isCoded(this.#codec, key) ? map(key, value) : value))
        : write,
    )
  }

  #recoded({ id, key, value }: StoredValue): StoredValue & { wasClear: boolean } {
    const clear = this.#codec.decode(key, value)
    const wasClear = Buffer.compare(clear, value) === 0
    return { id, key, value: this.#codec.encode(key, clear), wasClear }
  }

  #ask<T extends WriterTask>(task: T, transfer?: ArrayBuffer[]): Promise<WriterAnswers[T['type']]> {
    if (this.#isClosed) return Promise.reject(new Error('the store is closed'))
    const asked = this.#seat.ask(task, transfer)
    this.#open.add(asked)
    void Promise.allSettled([asked]).then(() => this.#open.delete(asked))
    return asked
  }
}

function mapValues(write: Write, map: (key: string, value: Uint8Array) => Uint8Array): Write {
  const mapped = (change: Change): Change =>
    change.value === null ? change : { ...change, value: map(change.key, change.value) }
  return { revision: write.revision, changes: write.changes.map(mapped) }
}
