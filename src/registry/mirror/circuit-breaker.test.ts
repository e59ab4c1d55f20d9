import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fakeClock } from '#base/fake-clock.ts'
import { CircuitBreaker } from './circuit-breaker.ts'
import { mirrorLimits } from './mirror-limits.ts'
import { UpstreamError, type UpstreamProblem } from './upstream-error.ts'

const setup = () => {
  const clock = fakeClock()
  const breaker = new CircuitBreaker({ clock, host: 'docker.io' })
  let asked = 0
  const ask = async (problem?: UpstreamProblem) =>
    breaker.run(async () => {
      asked++
      if (problem !== undefined) throw new UpstreamError(problem, `it was ${problem}`)
      return 'answer'
    })
  return { clock, breaker, ask, asked: () => asked }
}

test('CircuitBreaker opens after two failures and then asks now and then', async () => {
  const { clock, breaker, ask, asked } = setup()
  await assert.rejects(ask('unreachable'))
  assert.equal(breaker.isOpen, false)
  await assert.rejects(ask('timeout'))
  assert.equal(breaker.isOpen, true)
  await assert.rejects(ask(), /not asked now, because it failed 2 times, at last: it was timeout/)
  assert.equal(asked(), 2)
  await clock.advance(mirrorLimits.breakerProbeMs)
  await assert.rejects(ask('unreachable'), /it was unreachable/)
  await assert.rejects(ask(), /not asked now/)
  await clock.advance(mirrorLimits.breakerProbeMs)
  assert.equal(await ask(), 'answer')
  assert.equal(breaker.isOpen, false)
  assert.equal(await ask(), 'answer')
})

test('CircuitBreaker lets one request try at a time', async () => {
  const { clock, breaker, ask } = setup()
  for (const problem of ['untrue', 'untrue'] as const) await assert.rejects(ask(problem))
  await clock.advance(mirrorLimits.breakerProbeMs)
  const probe = Promise.withResolvers<string>()
  const first = breaker.run(() => probe.promise)
  await assert.rejects(ask(), /not asked now/)
  probe.resolve('fine')
  assert.equal(await first, 'fine')
  assert.equal(await ask(), 'answer')
})

test('CircuitBreaker takes only what an upstream does wrong for a failure', async () => {
  const { breaker, ask, clock } = setup()
  await assert.rejects(ask('unreachable'))
  for (const problem of ['unknown', 'denied', 'limited'] as const)
    await assert.rejects(ask(problem))
  await assert.rejects(ask('unreachable'))
  assert.equal(breaker.isOpen, false, 'an answer in between counts')
  await clock.advance(mirrorLimits.breakerMemoryMs + 1)
  await assert.rejects(ask('unreachable'))
  assert.equal(breaker.isOpen, false, 'the one before is long ago')
  await assert.rejects(breaker.run(() => Promise.reject(new Error('the client left'))))
  assert.equal(breaker.isOpen, false)
})
