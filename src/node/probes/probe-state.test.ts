import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type ProbeState, newProbeState, nextProbe, observeProbe } from './probe-state.ts'

const probe = { periodSeconds: 10, failureThreshold: 3, successThreshold: 2 }
const after = (results: readonly boolean[]): ProbeState =>
  results.reduce((state, ok) => observeProbe(state, probe, ok), newProbeState)

const rows: [boolean[], ProbeState['verdict']][] = [
  [[], undefined],
  [[true], undefined],
  [[true, true], 'success'],
  [[false, false], undefined],
  [[false, false, false], 'failure'],
  [[false, false, true, false], undefined],
  [[true, true, false, false], 'success'],
  [[true, true, false, false, false], 'failure'],
  [[true, true, false, false, false, true], 'failure'],
  [[true, true, false, false, false, true, true], 'success'],
]

for (const [results, verdict] of rows)
  test(`observeProbe after ${results.join(', ') || 'nothing'} says ${verdict}`, () => {
    assert.equal(after(results).verdict, verdict)
  })

test('nextProbe looks often at what has just started, then by the period', () => {
  const delays = [0, 1, 2, 3, 4, 5, 6, 7, 8].map(
    (eagerLooks) => nextProbe('readiness', probe, { state: newProbeState, eagerLooks }).delayMs,
  )
  assert.deepEqual(delays, [50, 100, 200, 400, 800, 1600, 3200, 6400, 10_000])
  const state = after([true])
  assert.deepEqual(nextProbe('readiness', probe, { state, eagerLooks: 0 }), {
    delayMs: 10_000,
    eager: false,
  })
})

test('nextProbe never hurries a liveness probe', () => {
  const next = nextProbe('liveness', probe, { state: newProbeState, eagerLooks: 0 })
  assert.deepEqual(next, { delayMs: 10_000, eager: false })
})
