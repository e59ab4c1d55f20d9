import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fakeClock } from '#base/fake-clock.ts'
import { type BudgetState, parseRetryAfter, type Purpose, RateBudget } from './rate-budget.ts'
import { UpstreamError } from './upstream-error.ts'

const setup = (state?: BudgetState) => {
  const clock = fakeClock()
  const kept: BudgetState[] = []
  const budget = new RateBudget({
    host: 'docker.io',
    clock,
    reservedPulls: 30,
    state,
    changed: (next) => kept.push(next),
  })
  const pull = (purpose: Purpose) => budget.pull(purpose, () => Promise.resolve('pulled'))
  return { clock, budget, pull, kept }
}

const limited = (error: unknown) => error instanceof UpstreamError && error.problem === 'limited'
const headers = (remaining: number, limit = 100) => ({
  'ratelimit-limit': `${limit};w=21600`,
  'ratelimit-remaining': `${remaining};w=21600`,
})

test('RateBudget lets everything through while the upstream counts nothing', async () => {
  const { pull, budget } = setup()
  budget.observe({})
  budget.observe({ 'ratelimit-limit': 'many', 'ratelimit-remaining': '-1' })
  assert.equal(await pull('scheduled'), 'pulled')
  assert.deepEqual(budget.state, {})
})

test('RateBudget leaves the reserve to who waits, until the window is over', async () => {
  const { pull, budget, clock } = setup()
  budget.observe(headers(31))
  assert.equal(await pull('scheduled'), 'pulled')
  budget.observe(headers(30))
  await assert.rejects(pull('scheduled'), limited)
  assert.equal(budget.scheduledWaitMs(), 21_600_000)
  assert.equal(await pull('interactive'), 'pulled')
  await clock.advance(21_600_000)
  assert.equal(await pull('scheduled'), 'pulled')
})

test('RateBudget counts pulls under way against the reserve', async () => {
  const { budget } = setup()
  budget.observe(headers(32))
  const first = Promise.withResolvers<void>()
  const second = Promise.withResolvers<void>()
  const pulls = [
    budget.pull('scheduled', () => first.promise),
    budget.pull('interactive', () => second.promise),
  ]
  await assert.rejects(
    budget.pull('scheduled', () => Promise.resolve()),
    limited,
  )
  first.resolve()
  second.resolve()
  await Promise.all(pulls)
  await budget.pull('scheduled', () => Promise.resolve())
})

test('RateBudget asks nothing of manifests while they are refused, and passes on how long', async () => {
  const { pull, budget, clock } = setup()
  assert.equal(budget.refused('manifests', { 'retry-after': '120' }).retryAfterMs, 120_000)
  await assert.rejects(pull('interactive'), limited)
  budget.checkAny()
  await clock.advance(120_000)
  assert.equal(await pull('interactive'), 'pulled')
  budget.refused('all', {})
  assert.throws(() => budget.checkAny(), limited)
  await clock.advance(60_000)
  budget.checkAny()
})

test('RateBudget goes on with what was known before a restart', async () => {
  const first = setup()
  first.budget.observe(headers(10))
  first.budget.refused('manifests', { 'retry-after': '60' })
  const second = setup(first.kept.at(-1))
  await assert.rejects(second.pull('interactive'), limited)
  await second.clock.advance(60_000)
  await assert.rejects(second.pull('scheduled'), limited)
})

test('parseRetryAfter reads seconds and dates, within reason', () => {
  const now = Date.UTC(2026, 0, 1)
  assert.equal(parseRetryAfter('30', now), 30_000)
  assert.equal(parseRetryAfter('Thu, 01 Jan 2026 00:02:00 GMT', now), 120_000)
  assert.equal(parseRetryAfter('Thu, 01 Jan 2015 00:02:00 GMT', now), 1_000)
  assert.equal(parseRetryAfter('999999999', now), 6 * 3600_000)
  for (const odd of [undefined, '', 'soon', '-5x']) assert.equal(parseRetryAfter(odd, now), 60_000)
})
