import assert from 'node:assert/strict'
import { test } from 'node:test'
import { apiLimits } from '../limits.ts'
import { boundedWarnings } from './bounded-warnings.ts'

const { warningsLengthMax, warningLengthMax } = apiLimits

test('warnings are said once, and in full while they are short together', () => {
  const long = 'a'.repeat(warningsLengthMax - 1)
  assert.deepEqual(boundedWarnings([long, '', 'b', long]), [long, 'b'])
})

test('many are cut, and end where there is no room left', () => {
  const texts = Array.from({ length: 100 }, (_, index) => `${index}:${'é'.repeat(500)}`)
  const said = boundedWarnings(texts)
  assert.equal(said.length, warningsLengthMax / warningLengthMax)
  for (const [index, text] of said.entries())
    assert.deepEqual([text.length, texts[index]!.startsWith(text)], [warningLengthMax, true])
})
