// A thread that owns the files of stores: waiting for the disk must not stop the event loop.
import { parentPort } from 'node:worker_threads'
import { DatabaseError, explainSqlite } from '#base/sqlite.ts'
import { describeError } from '#base/log.ts'
import { storageLimits } from './limits.ts'
import { packBatch, transferOf, unpackBatch } from './packed-batch.ts'
import { SqliteLog } from './sqlite-log.ts'
import type {
  WriterAnswers,
  WriterFailure,
  WriterReply,
  WriterRequest,
  WriterTask,
} from './writer-messages.ts'
import type { Write } from './committer.ts'

const port = parentPort
if (port === null) throw new Error('this file is run as a worker thread only')

interface OpenFile {
  path: string
  log: SqliteLog
  /** What was not read yet. */
  unread: Iterator<Write> | undefined
}

const files = new Map<number, OpenFile>()

function open(file: number, path: string): WriterAnswers['open'] {
  const log = new SqliteLog(path)
  const { revision, compacted, writes } = log.content()
  files.set(file, { path, log, unread: writes[Symbol.iterator]() })
  return { revision, compacted }
}

function read(file: OpenFile): WriterAnswers['read'] {
  const writes: Write[] = []
  let bytes = 0
  while (file.unread !== undefined && bytes < storageLimits.readBytesMax) {
    const step = file.unread.next()
    if (step.done === true) file.unread = undefined
    else {
      writes.push(step.value)
      for (const { value } of step.value.changes) bytes += value?.byteLength ?? 0
    }
  }
  return packBatch(writes)
}

function openFile(file: number): OpenFile {
  const found = files.get(file)
  if (found === undefined) throw new Error(`file ${file} is not open`)
  return found
}

async function perform(number: number, task: WriterTask): Promise<unknown> {
  if (task.type === 'open') return open(number, task.path)
  const file = openFile(number)
  const { log } = file
  switch (task.type) {
    case 'read':
      return read(file)
    case 'commit':
      return log.append(unpackBatch(task.batch))
    case 'compact':
      return log.compactStep(task.revision)
    case 'values':
      return log.values(task.after, task.prefixes)
    case 'replace':
      return log.replace(task.values)
    case 'scrub':
      return log.scrub(task.whole)
    case 'backup':
      return log.backup(task.path)
    case 'close':
      files.delete(number)
      return log.close()
  }
}

function failureOf(path: string | undefined, cause: unknown): WriterFailure {
  const error = path === undefined ? cause : explainSqlite(path, cause)
  return error instanceof DatabaseError
    ? { message: error.message, problem: error.problem }
    : { message: describeError(error) }
}

async function answer({ id, file, task }: WriterRequest): Promise<WriterReply> {
  const path = task.type === 'open' ? task.path : files.get(file)?.path
  try {
    return { id, ok: true, answer: await perform(file, task) }
  } catch (error) {
    return { id, ok: false, failure: failureOf(path, error) }
  }
}

port.on('message', (request: WriterRequest) => {
  void answer(request).then((reply) => {
    const isRead = request.task.type === 'read' && reply.ok
    const transfer = isRead ? transferOf(reply.answer as WriterAnswers['read']) : []
    port.postMessage(reply, transfer)
  })
})
