// Reads a container's log for a client: from where it asks, over what was rotated away, and on while
// the container runs.
import { watch } from 'node:fs'
import { type FileHandle, stat } from 'node:fs/promises'
import type { Clock } from '#base/clock.ts'
import { parseLogLine, renderLogPart } from './cri-log.ts'
import {
  type OpenLog,
  isMissing,
  openLog,
  rotatedAtMs,
  rotatedBlocks,
  rotatedLogs,
} from './log-files.ts'
import { LogLines } from './log-lines.ts'
import { tailOfFiles } from './tail-of-log.ts'

export interface LogOptions {
  follow: boolean
  tailLines: number | undefined
  /** Leaves out what was written before. */
  sinceMs: number | undefined
  timestamps: boolean
  limitBytes: number | undefined
}

export interface LogFollow {
  clock: Clock
  /** Whether the container may still write. */
  isOpen(): boolean
  signal: AbortSignal
}

const BLOCK_BYTES = 64 * 1024
/** How long to wait for a change that the file system does not tell of. */
const POLL_MS = 500

/** Waits until the file may have grown or has been replaced. */
async function grown(file: string, { clock, signal }: LogFollow): Promise<void> {
  const done = new AbortController()
  const stop = AbortSignal.any([signal, done.signal])
  try {
    const watcher = watch(file, { signal: stop, persistent: false }, () => done.abort())
    // A file that is moved away ends the watch with an error; the poll goes on.
    watcher.on('error', () => done.abort())
  } catch (error) {
    if (!isMissing(error)) throw error
  }
  await clock.sleep(POLL_MS, stop).catch((error: unknown) => {
    if (!stop.aborted) throw error
  })
  done.abort()
}

async function isReplaced(file: string, handle: FileHandle): Promise<boolean> {
  try {
    return (await stat(file)).ino !== (await handle.stat()).ino
  } catch (error) {
    // Moved away, and the runtime has not opened the next one yet: it may still write to this one.
    if (isMissing(error)) return false
    throw error
  }
}

/** The text of the file being written, until it is replaced by another or nobody writes any more. */
async function* written(
  file: string,
  handle: FileHandle,
  place: { offset: number; follow: LogFollow | undefined },
): AsyncGenerator<Buffer> {
  const { follow } = place
  let { offset } = place
  let wasReplaced = false
  for (;;) {
    // Asked before the read: what a container wrote before its end is read after it.
    const mayGrow = follow?.isOpen() ?? false
    const replaced = follow !== undefined && (await isReplaced(file, handle))
    const { buffer, bytesRead } = await handle.read(
      Buffer.alloc(BLOCK_BYTES),
      0,
      BLOCK_BYTES,
      offset,
    )
    if (bytesRead > 0) {
      offset += bytesRead
      yield buffer.subarray(0, bytesRead)
    } else if (!mayGrow || follow === undefined || follow.signal.aborted) {
      return
    } else {
      // The runtime turns to a new file a moment after making it.
      if (replaced && wasReplaced) return
      wasReplaced = replaced
      await grown(file, follow)
    }
  }
}

/** The text of all files from `opened` on; closes them. */
async function* allBlocks(
  file: string,
  opened: OpenLog,
  place: { offset: number; follow: LogFollow | undefined; clock: Clock },
): AsyncGenerator<Buffer> {
  const { follow, clock } = place
  let { offset } = place
  let log = opened
  try {
    for (;;) {
      for (const rotated of log.older) {
        yield* skipping(rotatedBlocks(rotated), offset)
        offset = 0
      }
      yield* written(file, log.handle, { offset, follow })
      offset = 0
      if (follow === undefined || follow.signal.aborted) return
      if (!(await isReplaced(file, log.handle))) return
      const after = log.lastStamp
      // The first that was rotated since then is the file just read.
      const own = (await rotatedLogs(file)).find(({ stamp }) => stamp > after)
      await log.handle.close()
      log = await openLog(file, own?.stamp ?? after, clock)
    }
  } finally {
    await log.handle.close()
  }
}

async function* skipping(blocks: AsyncIterable<Buffer>, bytes: number): AsyncGenerator<Buffer> {
  let left = bytes
  for await (const block of blocks) {
    if (left < block.length) yield block.subarray(left)
    left = Math.max(0, left - block.length)
  }
}

/** Leaves out files that end before what is asked for. */
async function startOf(opened: OpenLog, { tailLines, sinceMs = 0 }: LogOptions) {
  const older = opened.older.filter((log) => rotatedAtMs(log) + 1000 > sinceMs)
  return tailLines === undefined
    ? { older, offset: 0 }
    : tailOfFiles({ ...opened, older }, tailLines)
}

/** The log's text in chunks, ready to send. */
export async function* readLog(
  file: string,
  options: LogOptions,
  follow: LogFollow,
): AsyncGenerator<Buffer> {
  const { clock } = follow
  const opened = await openLog(file, '', clock)
  const lines = new LogLines()
  let left = options.limitBytes ?? Number.POSITIVE_INFINITY
  const midLine = { stdout: false, stderr: false }
  const { older, offset } = await startOf(opened, options).catch(async (error: unknown) => {
    await opened.handle.close()
    throw error
  })
  const place = { offset, follow: options.follow ? follow : undefined, clock }
  for await (const block of allBlocks(file, { ...opened, older }, place)) {
    const out: Buffer[] = []
    for (const line of lines.take(block)) {
      const part = parseLogLine(line)
      if (part === undefined) continue
      const startsLine = !midLine[part.stream]
      midLine[part.stream] = !part.endsLine
      if (options.sinceMs !== undefined && Date.parse(part.time) < options.sinceMs) continue
      out.push(renderLogPart(part, startsLine, options.timestamps))
    }
    const chunk = Buffer.concat(out)
    if (chunk.length > 0) yield chunk.subarray(0, left)
    left -= chunk.length
    if (left <= 0) return
  }
}
