// Finds where the last lines of a log begin, holding no more of it than a block at a time.
import { type FileHandle, open } from 'node:fs/promises'
import { parseLogLine } from './cri-log.ts'
import { type OpenLog, type RotatedLog, isMissing, rotatedBlocks } from './log-files.ts'
import { LINE_BYTES_MAX, LogLines } from './log-lines.ts'

const BLOCK_BYTES = 64 * 1024
const NEWLINE = 0x0a

export interface TailStart {
  offset: number
  /** How many whole lines there are from there on: as many as asked for, or all. */
  lines: number
}

/** Parts of a line count as one; what is no log line counts, so that nothing is read for ever. */
const endsLine = (line: Buffer): boolean => parseLogLine(line)?.endsLine ?? true

/** Where the last `lines` whole lines of a file begin. */
export async function tailStart(handle: FileHandle, lines: number): Promise<TailStart> {
  const { size } = await handle.stat()
  if (lines <= 0) return { offset: size, lines: 0 }
  let found = 0
  let carry: Buffer = Buffer.alloc(0)
  for (let start = size; start > 0;) {
    const length = Math.min(BLOCK_BYTES, start)
    start -= length
    const block = Buffer.alloc(length)
    await handle.read(block, 0, length, start)
    const data = Buffer.concat([block, carry])
    let end = data.length
    for (;;) {
      const before = end >= 2 ? data.lastIndexOf(NEWLINE, end - 2) : -1
      if (before < 0 && start > 0) break
      const isWhole = data[end - 1] === NEWLINE
      // Walking backwards, a line's last part is met first.
      if (isWhole && endsLine(data.subarray(before + 1, end - 1))) found += 1
      if (found > lines) return { offset: start + end, lines }
      if (before < 0) return { offset: 0, lines: found }
      end = before + 1
    }
    carry = end > LINE_BYTES_MAX ? Buffer.alloc(0) : data.subarray(0, end)
  }
  return { offset: 0, lines: found }
}

/** Counts whole lines, up to `linesMax`, and the bytes that they take. */
async function scan(blocks: AsyncIterable<Buffer>, linesMax: number) {
  const splitter = new LogLines()
  let lines = 0
  let offset = 0
  for await (const block of blocks)
    for (const line of splitter.take(block)) {
      if (lines >= linesMax) return { lines, offset }
      offset += line.length + 1
      if (endsLine(line)) lines += 1
    }
  return { lines, offset }
}

/** The same of a rotated file, which may be compressed and so can only be read from its beginning. */
async function rotatedTailStart(log: RotatedLog, lines: number): Promise<TailStart> {
  const all = await scan(rotatedBlocks(log), Number.POSITIVE_INFINITY)
  if (all.lines <= lines) return { offset: 0, lines: all.lines }
  const { offset } = await scan(rotatedBlocks(log), all.lines - lines)
  return { offset, lines }
}

/** Where to begin in a log of several files; `offset` is in the first of `older`, if there is one. */
export async function tailOfFiles(
  { handle, older }: OpenLog,
  lines: number,
): Promise<{ older: RotatedLog[]; offset: number }> {
  let start = await tailStart(handle, lines)
  let found = start.lines
  let first = older.length
  while (found < lines && first > 0) {
    first -= 1
    start = await rotatedTailStart(older[first] as RotatedLog, lines - found)
    found += start.lines
  }
  return { older: older.slice(first), offset: start.offset }
}

/** The text of a log's last lines; nothing where there is no log. */
export async function tailOfLog(
  file: string,
  limits: { linesMax: number; bytesMax: number },
): Promise<string> {
  try {
    await using handle = await open(file)
    const { size } = await handle.stat()
    const { offset } = await tailStart(handle, limits.linesMax)
    // A line may be as long as it likes: of what is asked for, a few blocks from the end are enough.
    const from = Math.max(offset, size - limits.bytesMax - BLOCK_BYTES)
    const bytes = Buffer.alloc(size - from)
    await handle.read(bytes, 0, bytes.length, from)
    const texts = new LogLines()
      .take(bytes)
      .map((line) => parseLogLine(line))
      .filter((part) => part !== undefined)
      .map(({ text, endsLine: ends }) => (ends ? Buffer.concat([text, Buffer.from('\n')]) : text))
    return Buffer.concat(texts).subarray(-limits.bytesMax).toString()
  } catch (error) {
    if (isMissing(error)) return ''
    throw error
  }
}
