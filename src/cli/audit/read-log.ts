// Lines of a log file, with where each ends, so that reading goes on from there.
import { createReadStream } from 'node:fs'

export interface FileLine {
  text: string
  /** Byte behind the line and its newline. */
  end: number
}

const NEWLINE = 0x0a

/** Whole lines from byte `from` on; what has no newline yet is being written. A file that is gone has none. */
export async function* readLines(file: string, from = 0): AsyncGenerator<FileLine> {
  let rest: Buffer[] = []
  let end = from
  try {
    for await (const chunk of createReadStream(file, { start: from }) as AsyncIterable<Buffer>) {
      let begin = 0
      for (let at = chunk.indexOf(NEWLINE); at >= 0; at = chunk.indexOf(NEWLINE, begin)) {
        rest.push(chunk.subarray(begin, at))
        const line = Buffer.concat(rest)
        rest = []
        begin = at + 1
        end += line.byteLength + 1
        yield { text: line.toString(), end }
      }
      rest.push(chunk.subarray(begin))
    }
  } catch (error) {
    // Old logs are removed while we read.
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
}
