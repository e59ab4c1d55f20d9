import type { Logger } from '#base/log.ts'
import type { HistoryLimits } from './history.ts'
import { RevisionStore } from './revision-store.ts'
import type { Store } from './types.ts'
import { plainCodec, type ValueCodec } from './value-codec.ts'
import { Writer } from './writer.ts'
import { WriterPool } from './writer-pool.ts'

export interface StoreOptions {
  /** The file; made if it is not there. No other process may use it at the same time. */
  path: string
  log: Logger
  /**
   * Called when the store cannot write any more until the process is started anew (its thread died).
   * Commits are refused from then on.
   */
  onLost: (error: Error) => void
  history?: HistoryLimits
  /** The threads it shares with other stores; one of its own unless given. */
  pool?: WriterPool
  /** How values look on disk; as they are unless given. */
  codec?: ValueCodec
}

/** Opens a store on a SQLite file. Rejects with DatabaseError when the file cannot be used. */
export async function openStore(options: StoreOptions): Promise<Store> {
  const { path, log, history, onLost, codec = plainCodec } = options
  const pool = options.pool ?? new WriterPool({ threads: 1 })
  const { writer, content } = await Writer.open({ path, pool, codec, onLost })
  return new RevisionStore({
    committer: writer,
    content,
    log,
    ...(history === undefined ? {} : { history }),
  })
}
