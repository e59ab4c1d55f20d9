import assert from 'node:assert/strict'
import { test } from 'node:test'
import { restartDelayMs } from './restart-backoff.ts'

const ended = (restartDelay: number | undefined, ranMs = 1_000) => ({
  startedAtMs: 5_000,
  finishedAtMs: 5_000 + ranMs,
  restartDelayMs: restartDelay,
})

test('restartDelayMs starts at once, then doubles from 10 s to 5 min', () => {
  const delays: number[] = []
  let last: number | undefined
  for (let crash = 0; crash < 8; crash++) {
    last = restartDelayMs(ended(last))
    delays.push(last / 1000)
  }
  assert.deepEqual(delays, [0, 10, 20, 40, 80, 160, 300, 300])
})

test('restartDelayMs forgives after ten minutes', () => {
  assert.equal(restartDelayMs(ended(300_000, 600_000)), 0)
  assert.equal(restartDelayMs(ended(300_000, 599_999)), 300_000)
})

test('restartDelayMs treats a container that never ran as one that crashed', () => {
  const neverRan = { startedAtMs: 0, finishedAtMs: Date.UTC(2026, 0, 1), restartDelayMs: 0 }
  assert.equal(restartDelayMs(neverRan), 10_000)
})
