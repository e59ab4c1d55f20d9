import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fakeClock } from './fake-clock.ts'

test('fakeClock fires timers in order of their time, and of their making when that is equal', async () => {
  const clock = fakeClock(0)
  const fired: string[] = []
  for (const [name, delayMs] of [
    ['c', 30],
    ['a', 10],
    ['b1', 20],
    ['b2', 20],
  ] as const)
    clock.after(delayMs, () => fired.push(`${name}@${clock.now()}`))
  await clock.advance(25)
  assert.deepEqual(fired, ['a@10', 'b1@20', 'b2@20'])
  assert.deepEqual([clock.pending, clock.now()], [1, 25])
})

test('fakeClock fires a timer made by a timer within the same advance', async () => {
  const clock = fakeClock(0)
  const times: number[] = []
  const tick = () => {
    times.push(clock.now())
    if (times.length < 3) clock.after(10, tick)
  }
  clock.after(10, tick)
  await clock.advance(100)
  assert.deepEqual(times, [10, 20, 30])
})

test('fakeClock does not fire a cancelled timer, and counts it once', async () => {
  const clock = fakeClock(0)
  const timer = clock.after(10, () => assert.fail('fired'))
  timer.cancel()
  timer.cancel()
  assert.equal(clock.pending, 0)
  await clock.advance(20)
  timer.cancel()
  assert.equal(clock.pending, 0)
})

test('fakeClock.step moves the wall clock and no timer', async () => {
  const clock = fakeClock(0)
  let firedAt = -1
  clock.after(10, () => void (firedAt = clock.now()))
  clock.step(1_000)
  await clock.advance(5)
  assert.equal(firedAt, -1)
  await clock.advance(5)
  assert.equal(firedAt, 1_010)
})
