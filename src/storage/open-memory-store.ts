import { type Logger, silentLogger } from '#base/log.ts'
import type { Committer } from './committer.ts'
import type { HistoryLimits } from './history.ts'
import { MemoryLog } from './memory-log.ts'
import { RevisionStore } from './revision-store.ts'
import type { Store } from './types.ts'

export interface MemoryStoreOptions {
  /** Where writes are kept; give the same one again to reopen it after a crash. */
  disk?: MemoryLog
  /** Stands before `disk`: lets a test or the simulation delay, fail or lose commits. */
  committer?: (disk: Committer) => Committer
  log?: Logger
  history?: HistoryLimits
}

/** A store without files and threads: everything it does follows from what it is asked. */
export function openMemoryStore(options: MemoryStoreOptions = {}): Store {
  const disk = options.disk ?? new MemoryLog()
  return new RevisionStore({
    committer: options.committer?.(disk) ?? disk,
    content: disk.content(),
    log: options.log ?? silentLogger,
    ...(options.history === undefined ? {} : { history: options.history }),
  })
}
