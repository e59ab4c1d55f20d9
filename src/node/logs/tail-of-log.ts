// Reads a log file from its end: without reading what comes before.
import { type FileHandle, open } from 'node:fs/promises'
import { parseLogLine } from './cri-log.ts'

const BLOCK_BYTES = 64 * 1024
const NEWLINE = 0x0a

/** Where the last `lines` whole lines of the log begin, counting parts of a line as one. */
export async function offsetOfTail(handle: FileHandle, lines: number): Promise<number> {
  const { size } = await handle.stat()
  if (lines <= 0) return size
  let tail: Buffer = Buffer.alloc(0)
  let start = size
  while (start > 0) {
    const length = Math.min(BLOCK_BYTES, start)
    start -= length
    const block = Buffer.alloc(length)
    await handle.read(block, 0, length, start)
    tail = Buffer.concat([block, tail])
    const offset = offsetInTail(tail, lines, start === 0)
    if (offset !== undefined) return start + offset
  }
  return 0
}

function offsetInTail(tail: Buffer, lines: number, isWhole: boolean): number | undefined {
  let found = 0
  let end = tail.length
  for (;;) {
    const before = end >= 2 ? tail.lastIndexOf(NEWLINE, end - 2) : -1
    if (before < 0 && !isWhole) return undefined
    const part = parseLogLine(tail.subarray(before + 1, end).subarray(0, -1))
    // Walking backwards, a line's last part is met first.
    if (part === undefined || part.endsLine) found += 1
    if (found > lines) return end
    if (before < 0) return 0
    end = before + 1
  }
}

/** The text of a log's last lines; nothing where there is no log. */
export async function tailOfLog(
  file: string,
  limits: { linesMax: number; bytesMax: number },
): Promise<string> {
  try {
    await using handle = await open(file)
    const offset = await offsetOfTail(handle, limits.linesMax)
    const { size } = await handle.stat()
    const bytes = Buffer.alloc(size - offset)
    await handle.read(bytes, 0, bytes.length, offset)
    const texts = bytes
      .toString('latin1')
      .split('\n')
      .map((line) => parseLogLine(Buffer.from(line, 'latin1')))
      .map((part) =>
        part === undefined ? '' : `${part.text.toString()}${part.endsLine ? '\n' : ''}`,
      )
    return Buffer.from(texts.join('')).subarray(-limits.bytesMax).toString()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return ''
    throw error
  }
}
