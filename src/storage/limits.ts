// The bounds of the store, by name.

export const storageLimits = {
  /** Writes that may wait for the disk; above that a commit is refused at once. */
  pendingWritesMax: 20_000,
  pendingBytesMax: 64 * 1024 * 1024,
  /** What goes to disk in one transaction, so that nobody waits long behind a crowd. */
  batchWritesMax: 1_000,
  batchBytesMax: 8 * 1024 * 1024,
  /** Keys changed by one commit; also the factor between revisions and row ids, so never change it. */
  operationsMax: 1_024,
  /** History kept in memory for watches that resume. */
  historyEventsMax: 50_000,
  historyBytesMax: 64 * 1024 * 1024,
  /**
   * Rows that one step of compaction looks at: commits go between two steps. More than one commit
   * can have, or a step might get nowhere.
   */
  compactionStepRows: 2_048,
  /** Rows that one step of coding values anew looks at. */
  recodeStepRows: 2_048,
  /** What one part of the log holds when it is read at the start. */
  readBytesMax: 4 * 1024 * 1024,
  /**
   * How far a restored store goes on above what it may have given out since its backup: more than are written in
   * days (etcd's documentation recommends the same step, --bump-revision).
   */
  restoreRevisionStep: 1_000_000_000,
  /** Threads that write for all stores of a process. */
  writerThreadsMax: 4,
} as const
