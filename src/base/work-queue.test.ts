import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fakeClock } from './fake-clock.ts'
import { silentLogger } from './log.ts'
import { seededRandom } from './random.ts'
import { type Reconcile, WorkQueue } from './work-queue.ts'

function queueWith(reconcile: Reconcile, workers = 1) {
  const clock = fakeClock()
  const queue = new WorkQueue({
    name: 'test',
    reconcile,
    clock,
    random: seededRandom(1),
    log: silentLogger,
    workers,
  })
  queue.start()
  return { clock, queue }
}

test('WorkQueue works on a key once however often it was added meanwhile', async () => {
  const seen: string[] = []
  const { clock, queue } = queueWith(async (key) => void seen.push(key))
  queue.add('a')
  queue.add('a')
  queue.add('b')
  await clock.advance(0)
  assert.deepEqual(seen, ['a', 'b'])
})

test('WorkQueue keeps its delays when the wall clock is set', async () => {
  const seen: string[] = []
  const { clock, queue } = queueWith(async (key) => void seen.push(key))
  queue.addAfter('a', 60_000)
  clock.step(3_600_000)
  queue.addAfter('a', 1_000)
  await clock.advance(1_000)
  assert.deepEqual(seen, ['a'])
})

test('WorkQueue works again on a key added during its work, never twice at once', async () => {
  let running = 0
  let runs = 0
  const { clock, queue } = queueWith(async () => {
    assert.equal(++running, 1)
    if (++runs === 1) queue.add('a')
    await Promise.resolve()
    running--
  }, 4)
  queue.add('a')
  await clock.advance(0)
  assert.equal(runs, 2)
})

test('WorkQueue retries a failing key with growing delays and forgets failures on success', async () => {
  const times: number[] = []
  const { clock, queue } = queueWith(async () => {
    times.push(clock.now())
    if (times.length < 4) throw new Error('not yet')
  })
  queue.add('a')
  await clock.advance(10_000)
  assert.equal(times.length, 4)
  const gaps = times.slice(1).map((t, i) => t - times[i]!)
  assert.ok(gaps[1]! > gaps[0]! && gaps[2]! > gaps[1]!, `gaps grow: ${gaps.join()}`)
})

test('WorkQueue.addAfter keeps the earliest wish', async () => {
  let runs = 0
  const { clock, queue } = queueWith(async () => void runs++)
  queue.addAfter('a', 1000)
  queue.addAfter('a', 100)
  queue.addAfter('a', 500)
  await clock.advance(200)
  assert.equal(runs, 1)
  await clock.advance(2000)
  assert.equal(runs, 1)
})

test('WorkQueue.stop waits for running work and takes no more keys', async () => {
  let finished = false
  const { clock, queue } = queueWith(async (_key, signal) => {
    await clock.sleep(1000, signal).catch(() => undefined)
    finished = true
  })
  queue.add('a')
  await clock.advance(0)
  await queue.stop()
  assert.equal(finished, true)
  queue.add('b')
  assert.equal(queue.length, 0)
})
