// The seam between the API server and its storage: keys, bytes and revisions, no kinds.

export interface Entry {
  key: string
  value: Uint8Array
  /** Revision of the write that made this value. */
  revision: number
  /** Revision of the write that created the key. */
  createRevision: number
}

export interface Operation {
  key: string
  /** Revision the key must have now: 0 = must not exist, undefined = does not matter. */
  expect?: number
  /** The new value, given the revision it will get; null deletes the key. */
  value: ((revision: number) => Uint8Array) | null
}

export type CommitResult =
  | { ok: true; revision: number }
  /** A key did not have the revision expected; nothing was written. */
  | { ok: false; key: string; actual: number }

export interface StoreEvent {
  type: 'put' | 'delete'
  key: string
  revision: number
  /** The value written; for a delete the last value before it. */
  value: Uint8Array
  createRevision: number
  /** The value before, for a put over an existing key and for a delete. */
  previous?: Uint8Array
}

/** Batches of events in order of revision, as one commit or several made them visible. */
export interface StoreWatch {
  close(): void
}

export interface WatchHandler {
  /** Called in the order of revisions. Must not block; must not throw. */
  events(events: readonly StoreEvent[]): void
  /** Revision up to which nothing more will come (after every batch, also for other prefixes). */
  progress?(revision: number): void
}

/** Asked for history that compaction has removed: the client must list again. */
export class CompactedError extends Error {
  readonly oldest: number
  constructor(oldest: number) {
    super(`revisions before ${oldest} are compacted`)
    this.name = 'CompactedError'
    this.oldest = oldest
  }
}

export interface Store {
  /** Newest revision that is on disk and visible to reads. */
  readonly revision: number
  /** Everything after this revision is known to `watch`. */
  readonly oldest: number
  get(key: string): Entry | undefined
  /** The newest accepted value, also while it waits for the disk: what `expect` is held against. */
  getAccepted(key: string): Entry | undefined
  /** Entries whose key starts with `prefix`, in key order, at the newest visible revision. */
  list(prefix: string, options?: { after?: string; limit?: number }): Entry[]
  count(prefix: string): number
  /**
   * All or nothing, one revision for the whole call. Resolves after it is on disk; rejects when the disk
   * refused it (then nothing of it is visible, now or later).
   */
  commit(operations: Operation[]): Promise<CommitResult>
  /**
   * Events of keys that start with `prefix` with a revision above `after`. What is known already is
   * delivered before `watch` returns, the rest as it comes. Throws CompactedError.
   */
  watch(prefix: string, after: number, handler: WatchHandler): StoreWatch
  /** Forgets history up to `revision` (current values stay). */
  compact(revision: number): Promise<void>
  /**
   * Writes values anew whose form on disk is not the codec's present one (another key), while commits go on; gives
   * how many those were. What was cut off is gone on with by the next call.
   */
  recode(): Promise<number>
  /** Writes a consistent copy of the database to `path`, while writes go on. */
  backup(path: string): Promise<void>
  close(): Promise<void>
}
