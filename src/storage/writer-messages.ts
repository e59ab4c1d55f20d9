// What stores and the writer threads say to each other.
import type { DatabaseProblem } from '#base/sqlite.ts'
import type { PackedBatch } from './packed-batch.ts'

/** A value of the log by its row. */
export interface StoredValue {
  id: number
  key: string
  value: Uint8Array
}

export type WriterTask =
  /** Answered when the file is open and was found whole. */
  | { type: 'open'; path: string }
  /** The next part of what the log holds; answered with an empty one at its end. */
  | { type: 'read' }
  | { type: 'commit'; batch: PackedBatch }
  /** One step of compaction. */
  | { type: 'compact'; revision: number }
  /** Values of keys with one of these prefixes, of some rows after `after`. */
  | { type: 'values'; after: number; prefixes: readonly string[] }
  /** Puts other bytes into rows that are still there. */
  | { type: 'replace'; values: readonly StoredValue[] }
  /** Leaves nothing of what was replaced in the file; `whole`: nor of what was deleted before. */
  | { type: 'scrub'; whole: boolean }
  | { type: 'backup'; path: string }
  | { type: 'close' }

export interface WriterRequest {
  id: number
  /** Which of the thread's files. */
  file: number
  task: WriterTask
}

/** What each task is answered with. */
export interface WriterAnswers {
  open: { revision: number; compacted: number }
  read: PackedBatch
  commit: undefined
  /** Whether there is more to do. */
  compact: boolean
  /** `after` is the last row looked at, or undefined at the end. */
  values: { values: StoredValue[]; after: number | undefined }
  replace: undefined
  scrub: undefined
  backup: undefined
  close: undefined
}

/** An error of the thread in a form that survives the way. */
export interface WriterFailure {
  message: string
  problem?: DatabaseProblem
}

export type WriterReply =
  | { id: number; ok: true; answer: unknown }
  | { id: number; ok: false; failure: WriterFailure }
