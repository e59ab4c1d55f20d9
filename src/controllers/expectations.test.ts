import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fakeClock } from '#base/fake-clock.ts'
import { Expectations } from './expectations.ts'

test('Expectations expire although the clock was set back', async () => {
  const clock = fakeClock()
  const expectations = new Expectations(clock)
  expectations.expectCreations('a', 1)
  clock.step(-3_600_000)
  await clock.advance(60_000)
  assert.equal(expectations.areMet('a'), false)
  await clock.advance(600_000)
  assert.equal(expectations.areMet('a'), true)
})
