// A few mutated inputs for every decoder; `npm run fuzz` goes on for as long as one likes.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { systemRandom } from '#base/random.ts'
import { decoders } from '../fuzz/decoders.ts'
import { fuzz, showFall } from '../fuzz/run-fuzz.ts'

const CASES = 100

test('no decoder falls over what is wrong', (context) => {
  const seed = Math.floor(systemRandom.next() * 1e9)
  context.diagnostic(`seed ${seed}`)
  const falls = decoders.flatMap((decoder) => fuzz(decoder, { seed, cases: CASES }) ?? [])
  assert.deepEqual(falls.map(showFall), [])
})

test('a decoder that falls, refuses wrongly or takes what it should is told apart', () => {
  const decoder = (decode: (input: unknown) => unknown) => ({
    name: 'planted',
    seeds: ['a'],
    mutate: (seed: unknown) => seed,
    decode,
    refuses: [SyntaxError],
  })
  const options = { seed: 1, cases: 3 }
  const refuse = () => {
    throw new SyntaxError('wrong')
  }
  const fall = () => {
    throw new TypeError('fell')
  }
  assert.equal(fuzz(decoder(refuse), options), undefined)
  assert.equal(
    fuzz(
      decoder(() => 'taken'),
      options,
    ),
    undefined,
  )
  assert.match(fuzz(decoder(fall), options)?.what ?? '', /fell/)
})
