import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  type ProbeKind,
  type ProbeState,
  isEager,
  newProbeState,
  nextLookMs,
  observeProbe,
} from './probe-state.ts'

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

const progress = (kind: ProbeKind, elapsedMs: number | undefined, state = newProbeState) => ({
  kind,
  probe,
  state,
  elapsedMs,
})

test('nextLookMs looks often at what has just started, then by the period', () => {
  const delays: number[] = []
  for (let elapsedMs = 0; delays.length < 9;) {
    const delay = nextLookMs(progress('readiness', elapsedMs), delays.length)
    delays.push(delay)
    elapsedMs += delay
  }
  assert.deepEqual(delays.slice(0, 6), [20, 40, 80, 160, 320, 640])
  assert.equal(
    delays.slice(0, 9).reduce((sum, delay) => sum + delay),
    10_000,
  )
  assert.equal(nextLookMs(progress('readiness', 10_000), 9), 10_000)
})

test('isEager ends with the first success, with the first period, and where nothing is new', () => {
  assert.equal(isEager(progress('readiness', 9_999)), true)
  assert.equal(isEager(progress('startup', 10_000)), false)
  assert.equal(isEager(progress('readiness', 5, observeProbe(newProbeState, probe, true))), false)
  assert.equal(isEager(progress('readiness', undefined)), false)
})

test('isEager never hurries a liveness probe', () => {
  assert.equal(isEager(progress('liveness', 0)), false)
  assert.equal(nextLookMs(progress('liveness', 0), 0), 10_000)
})
