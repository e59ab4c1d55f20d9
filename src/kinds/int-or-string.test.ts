import assert from 'node:assert/strict'
import { test } from 'node:test'
import { percentOf, scaledValue } from './int-or-string.ts'

test('scaledValue rounds a percentage as told and takes a number as it is', () => {
  assert.equal(scaledValue('25%', 10, 'up'), 3)
  assert.equal(scaledValue('25%', 10, 'down'), 2)
  assert.equal(scaledValue('0%', 10, 'up'), 0)
  assert.equal(scaledValue('100%', 7, 'down'), 7)
  assert.equal(scaledValue(4, 10, 'up'), 4)
})

test('scaledValue refuses text that is no percentage', () => {
  for (const text of ['http', '25', '%', '-5%', '2.5%'])
    assert.throws(() => scaledValue(text, 10, 'up'), TypeError, text)
})

test('percentOf tells percentages from numbers', () => {
  assert.equal(percentOf('30%'), 30)
  assert.equal(percentOf(30), undefined)
  assert.equal(percentOf('30'), undefined)
})
