// The thread that owns a store's file: waiting for the disk must not stop the event loop.
import { parentPort, workerData } from 'node:worker_threads'
import { explainSqlite } from '#base/sqlite.ts'
import { unpackBatch } from './packed-batch.ts'
import { SqliteLog } from './sqlite-log.ts'
import type { WriterData, WriterReply, WriterRequest, WriterTask } from './writer-messages.ts'

const { path, revision } = workerData as WriterData
const port = parentPort
if (port === null) throw new Error('this file is run as a worker thread only')

let log: SqliteLog | undefined

function open(): SqliteLog {
  const opened = new SqliteLog(path)
  if (opened.revision !== revision) {
    opened.close()
    throw new Error(`${path} was written by another process while it was opened`)
  }
  return opened
}

/** Does one task; true when it has to be asked again to be complete. */
async function perform(task: WriterTask): Promise<boolean> {
  log ??= open()
  switch (task.type) {
    case 'open':
      return false
    case 'commit':
      log.append(unpackBatch(task.batch))
      return false
    case 'compact':
      return log.compactStep(task.revision)
    case 'backup':
      await log.backup(task.path)
      return false
    case 'close':
      log.close()
      return false
  }
}

async function answer({ id, task }: WriterRequest): Promise<WriterReply> {
  try {
    return { id, ok: true, more: await perform(task) }
  } catch (error) {
    return { id, ok: false, error: explainSqlite(path, error) }
  }
}

port.on('message', (request: WriterRequest) => {
  void answer(request).then((reply) => port.postMessage(reply))
})
