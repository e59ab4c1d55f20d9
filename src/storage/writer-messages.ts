// What the store and its writer thread say to each other.
import type { PackedBatch } from './packed-batch.ts'

export interface WriterData {
  path: string
  /** Revision that the log had when it was loaded. */
  revision: number
}

export type WriterTask =
  /** Answered when the file is open. */
  | { type: 'open' }
  | { type: 'commit'; batch: PackedBatch }
  /** One step of compaction; answered with whether there is more to do. */
  | { type: 'compact'; revision: number }
  | { type: 'backup'; path: string }
  | { type: 'close' }

export interface WriterRequest {
  id: number
  task: WriterTask
}

export type WriterReply =
  | { id: number; ok: true; more: boolean }
  | { id: number; ok: false; error: unknown }
