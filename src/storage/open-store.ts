import type { Logger } from '#base/log.ts'
import { explainSqlite } from '#base/sqlite.ts'
import type { LogContent } from './committer.ts'
import type { HistoryLimits } from './history.ts'
import { RevisionStore } from './revision-store.ts'
import { SqliteLog } from './sqlite-log.ts'
import type { Store } from './types.ts'
import { startWriterThread, Writer } from './writer.ts'

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
}

/** Opens a store on a SQLite file. Rejects with DatabaseError when the file cannot be used. */
export async function openStore(options: StoreOptions): Promise<Store> {
  const { path, log, history, onLost } = options
  const content = load(path)
  const worker = startWriterThread({ path, revision: content.revision })
  const committer = await Writer.start({ worker, onLost })
  return new RevisionStore({
    committer,
    content,
    log,
    ...(history === undefined ? {} : { history }),
  })
}

/** Reads it all and closes the file again: from then on it is the writer thread's. */
function load(path: string): LogContent {
  const file = new SqliteLog(path)
  try {
    const content = file.content()
    return { ...content, writes: [...content.writes] }
  } catch (error) {
    throw explainSqlite(path, error)
  } finally {
    file.close()
  }
}
