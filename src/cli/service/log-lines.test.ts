import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  LINE_CHARS_MAX,
  linesOf,
  type LogLine,
  mergeByTime,
  parseDuration,
  parseLogLine,
} from './log-lines.ts'

async function* from<T>(items: readonly T[]) {
  for (const item of items) yield await Promise.resolve(item)
}

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const out: T[] = []
  for await (const item of items) out.push(item)
  return out
}

const bytes = (...texts: string[]) => from(texts.map((text) => new TextEncoder().encode(text)))

test('linesOf joins what was cut between chunks, also within a letter, and cuts what is too long', async () => {
  assert.deepEqual(await all(linesOf(bytes('a', 'b\nc\n\n', 'd'))), ['ab', 'c', '', 'd'])
  const letter = new TextEncoder().encode('ü\n')
  assert.deepEqual(await all(linesOf(from([letter.slice(0, 1), letter.slice(1)]))), ['ü'])
  const long = await all(linesOf(bytes('x'.repeat(LINE_CHARS_MAX + 5), '\n')))
  assert.deepEqual(
    long.map((line) => line.length),
    [LINE_CHARS_MAX, 5],
  )
})

test('parseLogLine takes the time from the text', () => {
  assert.deepEqual(parseLogLine('a', '2026-01-01T00:00:00Z hello you'), {
    source: 'a',
    time: '2026-01-01T00:00:00Z',
    text: 'hello you',
  })
  assert.equal(parseLogLine('a', '2026-01-01T00:00:00Z ').text, '')
})

test('mergeByTime orders lines of several instances, whatever digits their times have', async () => {
  const line = (source: string, time: string): LogLine => ({ source, time, text: '' })
  const merged = await all(
    mergeByTime([
      from([line('a', '2026-01-01T00:00:01Z'), line('a', '2026-01-01T00:00:01.5Z')]),
      from([]),
      from([line('b', '2026-01-01T00:00:01.25Z'), line('b', '2026-01-01T00:00:02Z')]),
    ]),
  )
  assert.deepEqual(
    merged.map(({ source }) => source),
    ['a', 'b', 'a', 'b'],
  )
})

test('parseDuration reads seconds, minutes, hours and days', () => {
  for (const [text, seconds] of [
    ['90s', 90],
    ['5m', 300],
    ['1h30m', 5_400],
    ['2d', 172_800],
    ['5', undefined],
    ['-5m', undefined],
    ['m', undefined],
  ] as const)
    assert.equal(parseDuration(text), seconds, text)
})
