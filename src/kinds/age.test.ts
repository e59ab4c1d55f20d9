import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ageOf, humanDuration } from './age.ts'

const SECOND = 1_000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

test('humanDuration prints as kubectl does', () => {
  const cases: [number, string][] = [
    [-2 * SECOND, '<invalid>'],
    [-SECOND, '0s'],
    [0, '0s'],
    [999, '0s'],
    [119 * SECOND, '119s'],
    [2 * MINUTE, '2m'],
    [2 * MINUTE + 30 * SECOND, '2m30s'],
    [10 * MINUTE + 30 * SECOND, '10m'],
    [179 * MINUTE, '179m'],
    [3 * HOUR, '3h'],
    [7 * HOUR + 59 * MINUTE, '7h59m'],
    [8 * HOUR + 59 * MINUTE, '8h'],
    [47 * HOUR, '47h'],
    [48 * HOUR, '2d'],
    [7 * DAY + 5 * HOUR, '7d5h'],
    [8 * DAY + 5 * HOUR, '8d'],
    [729 * DAY, '729d'],
    [730 * DAY, '2y'],
    [770 * DAY, '2y40d'],
    [8 * 365 * DAY, '8y'],
  ]
  for (const [durationMs, text] of cases) assert.equal(humanDuration(durationMs), text)
})

test('ageOf is unknown without a time', () => {
  assert.equal(ageOf(undefined, 0), '<unknown>')
  assert.equal(ageOf('2026-01-01T00:00:00Z', Date.UTC(2026, 0, 1, 0, 0, 5)), '5s')
})
