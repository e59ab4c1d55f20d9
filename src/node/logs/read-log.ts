// Reads a container's log for a client: from where it asks, and on while the container runs.
import { watch } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import type { Clock } from '#base/clock.ts'
import { parseLogLine, renderLogPart } from './cri-log.ts'
import { offsetOfTail } from './tail-of-log.ts'

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

const NEWLINE = 0x0a
const BLOCK_BYTES = 64 * 1024
/** Longest line kept in memory; the runtime cuts lines at 16 KiB. */
const LINE_BYTES_MAX = 1024 * 1024
/** How long to wait for a change that the file system does not tell of. */
const POLL_MS = 500

/** Waits until the file may have grown. */
async function grown(file: string, { clock, signal }: LogFollow): Promise<void> {
  const done = new AbortController()
  const stop = AbortSignal.any([signal, done.signal])
  const watcher = watch(file, { signal: stop, persistent: false }, () => done.abort())
  // A file that is moved away ends the watch with an error; the poll goes on.
  watcher.on('error', () => done.abort())
  await clock.sleep(POLL_MS, stop).catch((error: unknown) => {
    if (!stop.aborted) throw error
  })
  done.abort()
}

class LogLines {
  #rest: Buffer = Buffer.alloc(0)

  /** The whole lines that are complete with this block. */
  take(block: Buffer): Buffer[] {
    const lines: Buffer[] = []
    let data = this.#rest.length === 0 ? block : Buffer.concat([this.#rest, block])
    for (let end = data.indexOf(NEWLINE); end >= 0; end = data.indexOf(NEWLINE)) {
      lines.push(data.subarray(0, end))
      data = data.subarray(end + 1)
    }
    this.#rest = data.length > LINE_BYTES_MAX ? Buffer.alloc(0) : Buffer.from(data)
    return lines
  }
}

async function* blocks(
  handle: FileHandle,
  file: string,
  place: { offset: number; follow: LogFollow | undefined },
): AsyncGenerator<Buffer> {
  const { follow } = place
  let { offset } = place
  for (;;) {
    // Asked before the read: what a container wrote before its end is read after it.
    const mayGrow = follow?.isOpen() ?? false
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
      await grown(file, follow)
    }
  }
}

/** The log's text in chunks, ready to send. */
export async function* readLog(
  file: string,
  options: LogOptions,
  follow: LogFollow,
): AsyncGenerator<Buffer> {
  await using handle = await open(file)
  const offset = options.tailLines === undefined ? 0 : await offsetOfTail(handle, options.tailLines)
  const lines = new LogLines()
  let left = options.limitBytes ?? Number.POSITIVE_INFINITY
  const midLine = { stdout: false, stderr: false }
  const place = { offset, follow: options.follow ? follow : undefined }
  for await (const block of blocks(handle, file, place)) {
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
