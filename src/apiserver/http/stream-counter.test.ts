import assert from 'node:assert/strict'
import { test } from 'node:test'
import { tooManyRequests } from '../api-errors.ts'
import { createStreamCounter } from './stream-counter.ts'

test('createStreamCounter bounds each user for itself', () => {
  const counter = createStreamCounter({
    max: 2,
    refusal: (user, count) => tooManyRequests(`${user} holds ${count}`),
  })
  const release = counter.take('ann')
  counter.take('ann')
  assert.throws(() => counter.take('ann'), { code: 429, message: 'ann holds 2' })
  counter.take('bob')
  release()
  counter.take('ann')
})
