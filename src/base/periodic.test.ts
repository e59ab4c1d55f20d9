import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fakeClock } from './fake-clock.ts'
import { Periodic } from './periodic.ts'

function periodic(work: (signal: AbortSignal) => Promise<void>) {
  const clock = fakeClock()
  const errors: unknown[] = []
  const failed = (error: unknown) => void errors.push(error)
  return { clock, errors, loop: new Periodic({ periodMs: 1_000, clock, work, failed }) }
}

test('Periodic works once a period, also after a time that failed', async () => {
  let times = 0
  const { clock, errors, loop } = periodic(async () => {
    if (++times === 2) throw new Error('once')
  })
  loop.start()
  await clock.advance(999)
  assert.equal(times, 0)
  await clock.advance(3_001)
  assert.equal(times, 4)
  assert.equal(errors.length, 1)
  await loop.stop()
})

test('Periodic.stop waits for the work under way, and none comes after it', async () => {
  const { promise, resolve } = Promise.withResolvers<void>()
  let times = 0
  let isToldToStop = false
  const { clock, loop } = periodic(async (signal) => {
    times++
    await promise
    isToldToStop = signal.aborted
  })
  loop.start()
  await clock.advance(1_000)
  const stopped = loop.stop()
  resolve()
  await stopped
  assert.equal(isToldToStop, true)
  await clock.advance(5_000)
  assert.equal(times, 1)
})

test('Periodic.stop ends one that was never started', async () => {
  await periodic(async () => undefined).loop.stop()
})
