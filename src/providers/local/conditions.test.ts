import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isConditionTrue, withCondition } from './conditions.ts'

const text = { type: 'Ready', status: 'True', reason: 'Up', message: '' } as const

test('withCondition moves the time of transition only when the status changes', () => {
  const first = withCondition(undefined, text, '2026-01-01T00:00:00Z')
  const same = withCondition(first, { ...text, reason: 'Still' }, '2026-01-02T00:00:00Z')
  assert.equal(same[0]?.lastTransitionTime, '2026-01-01T00:00:00Z')
  assert.equal(same[0]?.reason, 'Still')
  const down = withCondition(same, { ...text, status: 'False' }, '2026-01-03T00:00:00Z')
  assert.equal(down[0]?.lastTransitionTime, '2026-01-03T00:00:00Z')
  assert.equal(isConditionTrue(down, 'Ready'), false)
})

test('withCondition leaves the conditions of others as they are', () => {
  const others = withCondition(undefined, { ...text, type: 'Drained' }, '2026-01-01T00:00:00Z')
  const both = withCondition(others, text, '2026-01-02T00:00:00Z')
  assert.deepEqual(both[0], others[0])
  assert.equal(isConditionTrue(both, 'Drained'), true)
})
