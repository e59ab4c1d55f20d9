// The log format of container runtimes: "<RFC 3339 time> <stdout|stderr> <P|F> <text>", a line each.
// A long line comes in parts: all but its last are marked P.

export interface LogPart {
  /** As written, with nanoseconds. */
  time: string
  stream: 'stdout' | 'stderr'
  /** False when the line goes on in the next part of this stream. */
  endsLine: boolean
  text: Buffer
}

const SPACE = 0x20

/** Reads one line (without its newline); undefined for what is no log line, such as a torn write. */
export function parseLogLine(line: Buffer): LogPart | undefined {
  const first = line.indexOf(SPACE)
  const second = line.indexOf(SPACE, first + 1)
  if (first < 0 || second < 0) return undefined
  const third = line.indexOf(SPACE, second + 1)
  const end = third < 0 ? line.length : third
  const stream = line.toString('latin1', first + 1, second)
  if (stream !== 'stdout' && stream !== 'stderr') return undefined
  // Tags are separated by colons; only the first has a meaning today.
  const [tag] = line.toString('latin1', second + 1, end).split(':')
  return {
    time: line.toString('latin1', 0, first),
    stream,
    endsLine: tag !== 'P',
    text: line.subarray(Math.min(end + 1, line.length)),
  }
}

/** With all nine digits of a second, as Kubernetes shows times: the runtime leaves out zeros. */
function fixedTime(time: string): string {
  const [, seconds, fraction = '', zone] = /^([^.Z+]+)(?:\.(\d+))?(Z|[+-].*)$/.exec(time) ?? []
  return seconds === undefined ? time : `${seconds}.${fraction.padEnd(9, '0')}${zone}`
}

/** The part as a client sees it. */
export function renderLogPart(part: LogPart, startsLine: boolean, timestamps: boolean): Buffer {
  const head = timestamps && startsLine ? Buffer.from(`${fixedTime(part.time)} `) : Buffer.alloc(0)
  return Buffer.concat([head, part.text, part.endsLine ? Buffer.from('\n') : Buffer.alloc(0)])
}
