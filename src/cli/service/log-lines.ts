// Lines of the logs of several instances as one stream, without holding any of them whole.

export interface LogLine {
  /** Whose it is. */
  source: string
  /** RFC 3339 with up to nine digits of a second, as the node wrote it. */
  time: string
  text: string
}

/** A longer line is cut: nothing of a log may fill the memory. */
export const LINE_CHARS_MAX = 64 * 1024

/** Splits bytes into lines; what comes after the last newline is a line too. */
export async function* linesOf(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder()
  let rest = ''
  for await (const chunk of chunks) {
    rest += decoder.decode(chunk, { stream: true })
    const lines = rest.split('\n')
    rest = lines.pop()!
    for (const line of lines) yield line.slice(0, LINE_CHARS_MAX)
    while (rest.length > LINE_CHARS_MAX) {
      yield rest.slice(0, LINE_CHARS_MAX)
      rest = rest.slice(LINE_CHARS_MAX)
    }
  }
  rest += decoder.decode()
  if (rest !== '') yield rest
}

/** "2026-01-01T00:00:00.5Z text": how the API writes a line when it is asked for times. */
export function parseLogLine(source: string, line: string): LogLine {
  const space = line.indexOf(' ')
  return space < 0
    ? { source, time: line, text: '' }
    : { source, time: line.slice(0, space), text: line.slice(space + 1) }
}

/** Times compare as text only when they have equally many digits. */
function sortKey({ time }: LogLine): string {
  const [, seconds = time, fraction = ''] = /^(.*?)(?:\.(\d+))?Z$/.exec(time) ?? []
  return `${seconds}.${fraction.padEnd(9, '0')}`
}

interface Head {
  lines: AsyncIterator<LogLine>
  line: LogLine
}

async function advance(lines: AsyncIterator<LogLine>): Promise<Head[]> {
  const next = await lines.next()
  return next.done === true ? [] : [{ lines, line: next.value }]
}

/** All lines in the order of their times; each source is in that order already. Holds one line of each. */
export async function* mergeByTime(
  sources: readonly AsyncIterable<LogLine>[],
): AsyncGenerator<LogLine> {
  const started = sources.map((source) => advance(source[Symbol.asyncIterator]()))
  let heads = (await Promise.all(started)).flat()
  while (heads.length > 0) {
    const first = heads.reduce((a, b) => (sortKey(b.line) < sortKey(a.line) ? b : a))
    yield first.line
    const next = await advance(first.lines)
    heads = heads.flatMap((head) => (head === first ? next : [head]))
  }
}

/** Seconds of "90s", "5m", "1h30m" or "2d"; undefined when it is none of these. */
export function parseDuration(text: string): number | undefined {
  const units: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600, d: 86_400 }
  if (!/^(\d+[smhd])+$/.test(text)) return undefined
  return [...text.matchAll(/(\d+)([smhd])/g)].reduce(
    (sum, [, count, unit]) => sum + Number(count) * units[unit!]!,
    0,
  )
}
