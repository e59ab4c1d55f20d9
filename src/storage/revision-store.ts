// The store's logic, without any disk: what was accepted, what is visible, and who watches.
//
// A commit is checked against the newest accepted state, gets its revision and waits. One batch at a
// time goes to the committer; when that has it, the batch becomes visible. So readers never see what
// could still be lost, and writers never wait to be told of a conflict.
import { describeError, type Logger } from '#base/log.ts'
import { StatusError } from '#base/errors.ts'
import type { Change, Committer, LogContent, Write } from './committer.ts'
import { History, type HistoryLimits } from './history.ts'
import { Keyspace } from './keyspace.ts'
import { storageLimits } from './limits.ts'
import { CompactedError } from './types.ts'
import type {
  CommitResult,
  Entry,
  Operation,
  Store,
  StoreEvent,
  StoreWatch,
  WatchHandler,
} from './types.ts'
import { WatchHub } from './watch-hub.ts'

interface PendingWrite {
  write: Write
  bytes: number
  resolve: (result: CommitResult) => void
  reject: (error: Error) => void
}

/** What a key will be once the writes before it are on disk; no entry: deleted. */
interface Accepted {
  revision: number
  entry: Entry | undefined
}

export interface RevisionStoreOptions {
  committer: Committer
  content: LogContent
  log: Logger
  history?: HistoryLimits
}

export class RevisionStore implements Store {
  readonly #committer: Committer
  readonly #log: Logger
  readonly #visible = new Keyspace()
  readonly #history: History
  readonly #hub: WatchHub
  #revision: number
  #compacted: number

  /** Keys with writes that wait for the disk. */
  readonly #accepted = new Map<string, Accepted>()
  #acceptedRevision: number
  #queue: PendingWrite[] = []
  #pendingWrites = 0
  #pendingBytes = 0
  #draining: Promise<void> | undefined
  #closing: Promise<void> | undefined

  constructor(options: RevisionStoreOptions) {
    const { content, log } = options
    this.#committer = options.committer
    this.#log = log
    this.#hub = new WatchHub(log)
    this.#history = new History(
      options.history ?? {
        eventsMax: storageLimits.historyEventsMax,
        bytesMax: storageLimits.historyBytesMax,
      },
      content.compacted,
    )
    this.#compacted = content.compacted
    this.#revision = content.revision
    this.#acceptedRevision = content.revision
    for (const write of content.writes) {
      const events = this.#apply(write)
      // Older rows are kept for their values only: what came between them is gone.
      if (write.revision > content.compacted) this.#history.add(events)
    }
  }

  get revision(): number {
    return this.#revision
  }

  get oldest(): number {
    return this.#history.oldest
  }

  get(key: string): Entry | undefined {
    return this.#visible.get(key)
  }

  getAccepted(key: string): Entry | undefined {
    const accepted = this.#accepted.get(key)
    return accepted === undefined ? this.#visible.get(key) : accepted.entry
  }

  list(prefix: string, options?: { after?: string; limit?: number }): Entry[] {
    return this.#visible.list(prefix, options)
  }

  count(prefix: string): number {
    return this.#visible.count(prefix)
  }

  async commit(operations: Operation[]): Promise<CommitResult> {
    if (this.#closing !== undefined)
      throw new StatusError('ServiceUnavailable', 'the store is closed')
    assertDistinct(operations)
    for (const { key, expect } of operations) {
      const actual = this.getAccepted(key)?.revision ?? 0
      if (expect !== undefined && expect !== actual) return { ok: false, key, actual }
    }
    const write = this.#prepare(operations)
    const bytes = bytesOf(write)
    this.#assertRoom(bytes)
    return new Promise((resolve, reject) => {
      this.#accept({ write, bytes, resolve, reject })
    })
  }

  watch(prefix: string, after: number, handler: WatchHandler): StoreWatch {
    if (after < this.#history.oldest) throw new CompactedError(this.#history.oldest)
    const known = this.#history.after(after)
    return this.#hub.add({ prefix, after, handler }, known, this.#revision)
  }

  async compact(revision: number): Promise<void> {
    if (revision > this.#revision)
      throw new RangeError(`cannot compact up to ${revision}: the newest is ${this.#revision}`)
    if (revision <= this.#compacted) return
    this.#history.forget(revision)
    await this.#committer.compact(revision)
    this.#compacted = Math.max(this.#compacted, revision)
  }

  recode(): Promise<number> {
    return this.#committer.recode?.() ?? Promise.resolve(0)
  }

  backup(path: string): Promise<void> {
    return this.#committer.backup(path)
  }

  close(): Promise<void> {
    this.#closing ??= this.#shutDown()
    return this.#closing
  }

  async #shutDown(): Promise<void> {
    await this.#draining
    this.#hub.clear()
    await this.#committer.close()
  }

  /** The write that `operations` mean; empty if they only delete what is not there. */
  #prepare(operations: readonly Operation[]): Write {
    const revision = this.#acceptedRevision + 1
    const changes: Change[] = []
    for (const { key, value } of operations) {
      const before = this.getAccepted(key)
      if (value === null && before === undefined) continue
      changes.push({
        key,
        createRevision: before?.createRevision ?? revision,
        previousRevision: before?.revision ?? 0,
        value: value === null ? null : value(revision),
      })
    }
    if (revision !== this.#acceptedRevision + 1)
      throw new Error('a value was made by a function that itself commits')
    return changes.length > 0
      ? { revision, changes: changes.toSorted((a, b) => (a.key < b.key ? -1 : 1)) }
      : { revision: this.#acceptedRevision, changes }
  }

  #assertRoom(bytes: number): void {
    if (
      this.#pendingWrites < storageLimits.pendingWritesMax &&
      this.#pendingBytes + bytes <= storageLimits.pendingBytesMax
    )
      return
    throw new StatusError(
      'TooManyRequests',
      `${this.#pendingWrites} writes (${this.#pendingBytes} bytes) wait for the disk: try again later`,
      { details: { retryAfterSeconds: 1 } },
    )
  }

  #accept(pending: PendingWrite): void {
    const { revision, changes } = pending.write
    for (const { key, value, createRevision } of changes) {
      const entry = value === null ? undefined : { key, value, revision, createRevision }
      this.#accepted.set(key, { revision, entry })
    }
    this.#acceptedRevision = revision
    this.#queue.push(pending)
    this.#pendingWrites++
    this.#pendingBytes += pending.bytes
    this.#draining ??= this.#drain()
  }

  async #drain(): Promise<void> {
    // One turn later, so that commits of the same turn share a batch.
    await Promise.resolve()
    while (this.#queue.length > 0) {
      const batch = this.#takeBatch()
      const writes = batch.map(({ write }) => write).filter(({ changes }) => changes.length > 0)
      try {
        if (writes.length > 0) await this.#committer.commit(writes)
      } catch (error) {
        this.#refuse([...batch, ...this.#queue.splice(0)], error)
        continue
      }
      this.#publish(writes)
      this.#settle(batch)
      for (const { write, resolve } of batch) resolve({ ok: true, revision: write.revision })
    }
    this.#draining = undefined
  }

  #takeBatch(): PendingWrite[] {
    let bytes = 0
    let count = 0
    for (const pending of this.#queue) {
      bytes += pending.bytes
      // The first one goes whatever its size.
      if (count > 0 && bytes > storageLimits.batchBytesMax) break
      if (++count === storageLimits.batchWritesMax) break
    }
    return this.#queue.splice(0, count)
  }

  #publish(writes: readonly Write[]): void {
    const newest = writes.at(-1)
    if (newest === undefined) return
    const events = writes.flatMap((write) => this.#apply(write))
    this.#revision = newest.revision
    this.#history.add(events)
    this.#hub.publish(events, newest.revision)
  }

  #apply({ revision, changes }: Write): StoreEvent[] {
    return changes.map((change) => {
      if (this.#accepted.get(change.key)?.revision === revision) this.#accepted.delete(change.key)
      return this.#visible.apply(revision, change)
    })
  }

  /** Nothing of these writes is there: what was accepted goes back to what is visible. */
  #refuse(refused: readonly PendingWrite[], error: unknown): void {
    this.#log.error('writes were not stored', { writes: refused.length, error })
    this.#accepted.clear()
    this.#acceptedRevision = this.#revision
    this.#settle(refused)
    const message = `the write was not stored: ${describeError(error)}`
    for (const { reject } of refused)
      reject(new StatusError('InternalError', message, { cause: error }))
  }

  #settle(done: readonly PendingWrite[]): void {
    this.#pendingWrites -= done.length
    for (const { bytes } of done) this.#pendingBytes -= bytes
  }
}

function assertDistinct(operations: readonly Operation[]): void {
  if (operations.length > storageLimits.operationsMax)
    throw new RangeError(
      `a commit has ${operations.length} operations, at most ${storageLimits.operationsMax} can be`,
    )
  if (new Set(operations.map(({ key }) => key)).size !== operations.length)
    throw new TypeError('a commit names a key twice')
}

function bytesOf({ changes }: Write): number {
  let bytes = 0
  for (const { key, value } of changes) bytes += key.length + (value?.byteLength ?? 0)
  return bytes
}
