import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { DepthError, duplicateKeys } from './json-text.ts'

test('duplicateKeys names every key that repeats, with its path', () => {
  const text = '{"a":1,"a":2,"list":[{"b":"}\\"","b":1}],"\\u0063":1,"c":[]}'
  assert.deepEqual(duplicateKeys(text, 10), ['a', 'list[0].b', 'c'])
})

test('duplicateKeys refuses what is nested too deeply', () => {
  const text = `${'['.repeat(11)}${']'.repeat(11)}`
  assert.throws(() => duplicateKeys(text, 10), DepthError)
  assert.deepEqual(duplicateKeys(text, 11), [])
})

test('duplicateKeys finds nothing in what JSON.stringify wrote', () => {
  fc.assert(
    fc.property(fc.json(), fc.integer({ min: 0, max: 2 }), (text, indent) => {
      const written = JSON.stringify(JSON.parse(text), null, indent)
      assert.deepEqual(duplicateKeys(written, 100), [])
    }),
  )
})
