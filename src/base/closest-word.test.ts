import assert from 'node:assert/strict'
import { test } from 'node:test'
import { closestWord, didYouMean, editDistance } from './closest-word.ts'

test('editDistance counts letters that are missing, too many, wrong or swapped', () => {
  for (const [a, b, distance] of [
    ['', '', 0],
    ['web', 'web', 0],
    ['web', 'we', 1],
    ['web', 'wbe', 1],
    ['hello', 'helo', 1],
    ['kitten', 'sitting', 3],
    ['', 'abc', 3],
  ] as const)
    assert.equal(editDistance(a, b), distance, `${a} ${b}`)
})

test('closestWord finds what was meant, and nothing where nothing is near', () => {
  assert.equal(closestWord('helo', ['web', 'hello']), 'hello')
  assert.equal(closestWord('MEMORY', ['cpu', 'memory']), 'memory')
  assert.equal(closestWord('mem', ['cpu', 'memory']), 'memory')
  assert.equal(closestWord('x', ['y', 'z']), undefined)
  assert.equal(closestWord('nope', ['hello']), undefined)
  assert.equal(didYouMean('helo', ['hello']), ' Did you mean "hello"?')
  assert.equal(didYouMean('nope', []), '')
})
