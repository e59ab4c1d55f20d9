import assert from 'node:assert/strict'
import { appendFile, mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { after, before, describe, test } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { fakeClock } from '#base/fake-clock.ts'
import { silentLogger } from '#base/log.ts'
import { containerLabels } from '../container/labels.ts'
import { podPlaces } from '../container/pod-places.ts'
import { testPod } from '../pods/test-view.ts'
import type { ListedContainer } from '../runtime/runtime.ts'
import { rotatedAtMs, rotatedLogs, stampOf } from './log-files.ts'
import { LogKeeper } from './log-keeper.ts'
import { type LogOptions, readLog } from './read-log.ts'
import { rotateLog } from './rotate-log.ts'

const START_MS = Date.parse('2026-01-02T03:04:05Z')
const SECOND_MS = 1_000

const line = (n: number, tag: 'P' | 'F' = 'F') =>
  `2026-01-02T03:04:${String(n % 60).padStart(2, '0')}.5Z stdout ${tag} line ${n}\n`

let root: string
let directories = 0

before(async () => {
  root = await mkdtemp(path.join(os.tmpdir(), 'ccs-rotation-'))
})
after(() => rm(root, { recursive: true }))

async function newLog(text: string): Promise<string> {
  const directory = path.join(root, String(directories++))
  await mkdir(directory)
  const file = path.join(directory, '0.log')
  await writeFile(file, text)
  return file
}

/** A rotation as the runtime takes part in it: it opens a new file. */
const rotate = (file: string, nowMs: number, filesMax = 5) =>
  rotateLog({ file, filesMax, nowMs, reopen: () => writeFile(file, '') })

const all: LogOptions = {
  follow: false,
  tailLines: undefined,
  sinceMs: undefined,
  timestamps: false,
  limitBytes: undefined,
}

async function read(file: string, options: Partial<LogOptions> = {}): Promise<string> {
  const follow = { clock: fakeClock(), isOpen: () => false, signal: new AbortController().signal }
  const chunks: Buffer[] = []
  for await (const chunk of readLog(file, { ...all, ...options }, follow)) chunks.push(chunk)
  return Buffer.concat(chunks).toString()
}

/** Four files of three lines each: two of them compressed. */
async function longLog(): Promise<string> {
  const file = await newLog('')
  for (let n = 0; n < 12; n++) {
    await appendFile(file, line(n))
    if (n % 3 === 2 && n < 11) await rotate(file, START_MS + n * SECOND_MS)
  }
  return file
}

const linesFrom = (first: number): string =>
  Array.from({ length: 12 - first }, (_, i) => `line ${first + i}\n`).join('')

describe('rotateLog', () => {
  test('moves the file aside, compresses the one before and keeps so many', async () => {
    const file = await newLog(line(0))
    for (let n = 1; n < 6; n++) {
      await rotate(file, START_MS + n * SECOND_MS, 4)
      await writeFile(file, line(n))
    }
    const names = await readdir(path.dirname(file))
    assert.deepEqual(names.toSorted(), [
      '0.log',
      '0.log.20260102-030408.gz',
      '0.log.20260102-030409.gz',
      '0.log.20260102-030410',
    ])
    const compressed = await readFile(path.join(path.dirname(file), names.toSorted()[1]!))
    assert.equal(gunzipSync(compressed).toString(), line(2))
  })

  test('keeps the order where the clock stands still or goes back', async () => {
    const file = await newLog(line(0))
    for (const nowMs of [START_MS, START_MS, START_MS - 60_000]) {
      await rotate(file, nowMs)
      await writeFile(file, line(1))
    }
    const stamps = (await rotatedLogs(file)).map(({ stamp }) => stamp)
    assert.deepEqual(stamps, ['20260102-030405', '20260102-030406', '20260102-030407'])
  })

  test('gives the file its name back when the runtime does not open another', async () => {
    const file = await newLog(line(0))
    const reopen = () => Promise.reject(new Error('containerd is away'))
    await assert.rejects(rotateLog({ file, filesMax: 5, nowMs: START_MS, reopen }), /is away/)
    assert.deepEqual(await readdir(path.dirname(file)), ['0.log'])
    assert.equal(await readFile(file, 'utf8'), line(0))
  })

  test('removes what an earlier run left half compressed', async () => {
    const file = await newLog(line(0))
    const plain = `${file}.20260102-030401`
    await writeFile(plain, line(1))
    await writeFile(`${plain}.gz.tmp`, 'half')
    await writeFile(`${plain}.tmp`, 'half')
    await rotate(file, START_MS)
    const names = (await readdir(path.dirname(file))).toSorted()
    assert.deepEqual(names, ['0.log', '0.log.20260102-030401.gz', '0.log.20260102-030405'])
  })

  test('a stamp says when', () => {
    const stamp = stampOf(START_MS)
    assert.equal(rotatedAtMs({ stamp, file: '', isCompressed: false }), START_MS)
  })
})

describe('readLog over rotated files', () => {
  const rows: [string, Partial<LogOptions>, number][] = [
    ['everything', {}, 0],
    ['the last line', { tailLines: 1 }, 11],
    ['lines of the newest two files', { tailLines: 5 }, 7],
    ['lines of a compressed file', { tailLines: 8 }, 4],
    ['exactly three files', { tailLines: 9 }, 3],
    ['more lines than there are', { tailLines: 50 }, 0],
    ['since a time', { sinceMs: Date.parse('2026-01-02T03:04:05Z') }, 5],
  ]
  for (const [what, options, first] of rows)
    test(`reads ${what}`, async () => {
      assert.equal(await read(await longLog(), options), linesFrom(first))
    })

  test('a line goes on in the next file', async () => {
    const file = await newLog(line(1, 'P'))
    await rotate(file, START_MS)
    await appendFile(file, line(2))
    assert.equal(await read(file), 'line 1line 2\n')
  })

  test('times have nine digits', async () => {
    const file = await newLog(line(1))
    assert.equal(await read(file, { timestamps: true }), '2026-01-02T03:04:01.500000000Z line 1\n')
  })

  test('follows over rotations, also many while nobody reads, without loss', async () => {
    const file = await newLog(line(0))
    const clock = fakeClock()
    let isOpen = true
    const { signal } = new AbortController()
    const chunks = readLog(file, { ...all, follow: true }, { clock, isOpen: () => isOpen, signal })
    let seen = ''
    let finished = false
    const reading = (async () => {
      for await (const chunk of chunks) seen += chunk.toString()
      finished = true
    })()
    const until = async (text: string) => {
      while (!seen.endsWith(text)) {
        await clock.advance(100)
        await new Promise((resolve) => setImmediate(resolve))
      }
    }
    await until('line 0\n')
    await rotate(file, START_MS)
    await appendFile(file, line(1))
    await until('line 1\n')
    for (let n = 2; n < 6; n++) {
      await rotate(file, START_MS + n * SECOND_MS)
      await appendFile(file, line(n))
    }
    await until('line 5\n')
    // Written to the file that was just moved away, before the runtime turned to the new one.
    await rotateLog({
      file,
      filesMax: 5,
      nowMs: START_MS + 60 * SECOND_MS,
      reopen: async () => {
        await appendFile(`${file}.${stampOf(START_MS + 60 * SECOND_MS)}`, line(6))
        await writeFile(file, line(7))
      },
    })
    isOpen = false
    while (!finished) {
      await clock.advance(100)
      await new Promise((resolve) => setImmediate(resolve))
    }
    await reading
    assert.equal(seen, Array.from({ length: 8 }, (_, n) => `line ${n}\n`).join(''))
  })
})

describe('LogKeeper', () => {
  const pod = testPod({})
  const [container] = pod.spec.containers as [(typeof pod.spec.containers)[0]]

  async function keeper(states: [attempt: number, state: ListedContainer['state']][]) {
    const machine = { directory: path.join(root, String(directories++)), runDirectory: root }
    const logs = path.join(podPlaces(machine, pod).logs, container.name)
    await mkdir(logs, { recursive: true })
    const reopened: string[] = []
    const containers = states.map(([attempt, state]): ListedContainer => ({
      id: `c${attempt}`,
      sandboxId: 's',
      name: container.name,
      image: '',
      attempt,
      state,
      createdAtMs: 0,
      labels: containerLabels(pod, container),
      annotations: {},
    }))
    const runtime = {
      listContainers: () => Promise.resolve(containers),
      reopenContainerLog: async (id: string) => {
        reopened.push(id)
        await writeFile(path.join(logs, `${id.slice(1)}.log`), '')
      },
    }
    const limits = { periodMs: 1_000, sizeBytesMax: 100, filesMax: 3 }
    const clock = fakeClock()
    const made = new LogKeeper({ runtime, machine, limits, clock, log: silentLogger })
    return { made, logs, reopened }
  }

  test('rotates what is too large, of containers that run', async () => {
    const { made, logs, reopened } = await keeper([
      [0, 'exited'],
      [1, 'running'],
    ])
    await writeFile(path.join(logs, '0.log'), 'x'.repeat(101))
    await writeFile(path.join(logs, '1.log'), 'x'.repeat(100))
    await made.look()
    assert.deepEqual(reopened, [])
    await appendFile(path.join(logs, '1.log'), 'x')
    await made.look()
    assert.deepEqual(reopened, ['c1'])
    assert.equal((await readdir(logs)).length, 3)
  })

  test('tells the runtime to open a log whose rotation was cut short', async () => {
    const { made, logs, reopened } = await keeper([[0, 'running']])
    await writeFile(path.join(logs, '0.log.20260102-030405'), 'x')
    await made.look()
    assert.deepEqual(reopened, ['c0'])
  })

  test('removes logs of containers that the runtime has forgotten', async () => {
    const { made, logs } = await keeper([
      [9, 'exited'],
      [10, 'running'],
    ])
    const names = ['10.log', '11.log', '8.log', '8.log.20260102-030405.gz', '9.log']
    for (const name of names) await writeFile(path.join(logs, name), 'x')
    await made.look()
    assert.deepEqual((await readdir(logs)).toSorted(), ['10.log', '11.log', '9.log'])
  })
})
