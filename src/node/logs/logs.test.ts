import assert from 'node:assert/strict'
import { appendFile, mkdtemp, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { after, before, describe, test } from 'node:test'
import { fakeClock } from '#base/fake-clock.ts'
import { parseLogLine, renderLogPart } from './cri-log.ts'
import { logOptions } from './log-query.ts'
import { type LogOptions, readLog } from './read-log.ts'
import { tailOfLog } from './tail-of-log.ts'

const line = (second: number, tag: 'P' | 'F', text: string, stream = 'stdout') =>
  `2026-01-01T00:00:0${second}.000000001Z ${stream} ${tag} ${text}\n`

const LOG = [
  line(1, 'F', 'one'),
  line(2, 'P', 'tw'),
  line(2, 'F', 'error', 'stderr'),
  line(3, 'F', 'o'),
  line(4, 'F', ''),
  line(5, 'F', 'three ä'),
].join('')

const all: LogOptions = {
  follow: false,
  tailLines: undefined,
  sinceMs: undefined,
  timestamps: false,
  limitBytes: undefined,
}

let directory: string
let file: string

before(async () => {
  directory = await mkdtemp(path.join(os.tmpdir(), 'ccs-logs-'))
  file = path.join(directory, '0.log')
  await writeFile(file, LOG)
})

after(() => rm(directory, { recursive: true }))

async function read(options: Partial<LogOptions>): Promise<string> {
  const follow = { clock: fakeClock(), isOpen: () => false, signal: new AbortController().signal }
  const chunks: Buffer[] = []
  for await (const chunk of readLog(file, { ...all, ...options }, follow)) chunks.push(chunk)
  return Buffer.concat(chunks).toString()
}

describe('parseLogLine', () => {
  test('reads a line and its parts', () => {
    const part = parseLogLine(Buffer.from('2026-01-01T00:00:00Z stderr P:x some text'))
    assert.deepEqual(
      { ...part, text: part?.text.toString() },
      { time: '2026-01-01T00:00:00Z', stream: 'stderr', endsLine: false, text: 'some text' },
    )
  })

  test('knows what is no log line', () => {
    for (const torn of ['', '2026-01-01T00:00:00Z', '2026-01-01T00:00:00Z std', 'a b c d'])
      assert.equal(parseLogLine(Buffer.from(torn)), undefined, torn)
  })

  test('an empty line is a newline', () => {
    const part = parseLogLine(Buffer.from('2026-01-01T00:00:00Z stdout F '))!
    assert.equal(renderLogPart(part, true, false).toString(), '\n')
  })
})

describe('readLog', () => {
  const rows: [string, Partial<LogOptions>, string][] = [
    ['everything', {}, 'one\ntwerror\no\n\nthree ä\n'],
    ['the last line', { tailLines: 1 }, 'three ä\n'],
    ['the last two', { tailLines: 2 }, '\nthree ä\n'],
    ['more lines than there are', { tailLines: 99 }, 'one\ntwerror\no\n\nthree ä\n'],
    ['no line', { tailLines: 0 }, ''],
    ['since a time', { sinceMs: Date.parse('2026-01-01T00:00:04Z') }, '\nthree ä\n'],
    ['some bytes', { limitBytes: 5 }, 'one\nt'],
    ['with times', { tailLines: 1, timestamps: true }, '2026-01-01T00:00:05.000000001Z three ä\n'],
  ]
  for (const [what, options, expected] of rows)
    test(`reads ${what}`, async () => {
      assert.equal(await read(options), expected)
    })

  test('follows until the container has ended and all is read', async () => {
    const growing = path.join(directory, 'growing.log')
    await writeFile(growing, line(1, 'F', 'one'))
    let isOpen = true
    const { signal } = new AbortController()
    const clock = fakeClock()
    const follow = { clock, isOpen: () => isOpen, signal }
    const chunks = readLog(growing, { ...all, follow: true }, follow)
    const next = async () => {
      let done = false
      const chunk = chunks.next().finally(() => (done = true))
      // The file system may tell of the change first; the clock is the fallback.
      while (!done) await clock.advance(500)
      return (await chunk).value?.toString()
    }
    assert.equal(await next(), 'one\n')
    const second = next()
    await appendFile(growing, line(2, 'F', 'two'))
    assert.equal(await second, 'two\n')
    isOpen = false
    await appendFile(growing, line(3, 'F', 'three'))
    assert.equal(await next(), 'three\n')
    assert.equal(await next(), undefined)
  })
})

describe('tailOfLog', () => {
  test('gives the last lines, cut from the front', async () => {
    assert.equal(await tailOfLog(file, { linesMax: 1, bytesMax: 100 }), 'three ä\n')
    assert.equal(await tailOfLog(file, { linesMax: 3, bytesMax: 4 }), ' ä\n')
  })

  test('is empty where there is no log', async () => {
    assert.equal(await tailOfLog(`${file}.none`, { linesMax: 1, bytesMax: 1 }), '')
  })
})

describe('logOptions', () => {
  test('reads a query', () => {
    const query = new URLSearchParams('follow=true&tailLines=5&sinceSeconds=10&timestamps=1')
    assert.deepEqual(logOptions(query, 60_000), {
      ...all,
      follow: true,
      tailLines: 5,
      sinceMs: 50_000,
      timestamps: true,
    })
  })

  test('names what is wrong', () => {
    assert.throws(() => logOptions(new URLSearchParams('tailLines=x'), 0), /tailLines must be/)
    assert.throws(() => logOptions(new URLSearchParams('sinceTime=x'), 0), /"x" is not a time/)
  })
})
