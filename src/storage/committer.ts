// The seam between the store's logic and the place where its log is kept.

export interface Change {
  key: string
  createRevision: number
  /** Revision of the value that this change replaces or deletes; 0 if the key is new. */
  previousRevision: number
  /** null deletes the key. */
  value: Uint8Array | null
}

/** One commit: its changes are in the log together or not at all. No key occurs twice. */
export interface Write {
  revision: number
  changes: readonly Change[]
}

export interface Committer {
  /**
   * Appends the writes to the log and resolves when they will survive anything; rejects when none of
   * them is there nor will be. The store calls it with one batch at a time, revisions rising.
   */
  commit(writes: readonly Write[]): Promise<void>
  /** Removes what is only needed for history up to `revision`. May run beside commits. */
  compact(revision: number): Promise<void>
  /** Writes values anew that the codec would code otherwise today; how many those were. Where values are coded. */
  recode?(): Promise<number>
  backup(path: string): Promise<void>
  close(): Promise<void>
}

/** What a log holds when it is opened. */
export interface LogContent {
  /** Newest revision ever given out, also when compaction removed its rows. */
  revision: number
  /** History up to this revision is gone. */
  compacted: number
  /** Everything kept, revisions rising. */
  writes: Iterable<Write>
}
