import assert from 'node:assert/strict'
import { test } from 'node:test'
import { rfc3339 } from '#base/clock.ts'
import { nextLineMs, simulatedLog } from './simulated-log.ts'

const START_MS = Date.UTC(2026, 0, 1)
const startedAt = rfc3339(START_MS)

test('simulatedLog says the same again, and more as time passes', () => {
  const container = { image: 'sim/app:1', state: { running: { startedAt } } }
  const early = simulatedLog(container, START_MS + 25_000)
  assert.deepEqual(
    early.map(({ text }) => text),
    [
      'simulated: nothing of sim/app:1 runs here, its life is made up',
      'simulated: up for 10 s',
      'simulated: up for 20 s',
    ],
  )
  assert.equal(nextLineMs(early, START_MS + 25_000), START_MS + 30_000)
  assert.deepEqual(simulatedLog(container, START_MS + 35_000).slice(0, 3), early)
})

test('simulatedLog ends with the code of a container that has ended, and is empty before the start', () => {
  const finishedAt = rfc3339(START_MS + 12_000)
  const terminated = { exitCode: 137, reason: 'OOMKilled', startedAt, finishedAt }
  const lines = simulatedLog({ image: 'sim/oom', state: { terminated } }, START_MS + 99_000)
  assert.equal(lines.at(-1)?.text, 'simulated: ended with code 137 (OOMKilled)')
  assert.equal(lines.length, 3)
  const waiting = { waiting: { reason: 'ContainerCreating' } }
  assert.deepEqual(simulatedLog({ image: 'sim/app', state: waiting }, START_MS), [])
})
