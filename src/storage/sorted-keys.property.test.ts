import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { SortedKeys } from './sorted-keys.ts'

// Few prefixes and many keys, so that a prefix spans several chunks.
const keyArbitrary = fc
  .tuple(fc.constantFrom('a', 'a/', 'b', 'b/c/'), fc.nat(4_000))
  .map(([prefix, number]) => `${prefix}${number}`)

test('SortedKeys holds what a sorted array holds', () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(keyArbitrary, { minLength: 1, maxLength: 3_000, size: 'max' }),
      fc.array(fc.nat(), { maxLength: 200 }),
      fc.constantFrom('', 'a', 'a/', 'a/1', 'b/c/', 'c'),
      (added, removals, prefix) => {
        const keys = new SortedKeys()
        for (const key of added) keys.add(key)
        let model = added.toSorted()
        for (const pick of removals) {
          const key = model[pick % model.length]
          if (key === undefined) break
          keys.remove(key)
          model = model.filter((other) => other !== key)
        }
        const expected = model.filter((key) => key.startsWith(prefix))
        assert.deepEqual([...keys.withPrefix(prefix)], expected)
        assert.equal(keys.count(prefix), expected.length)
        assert.equal(keys.size, model.length)
        const after = expected[Math.floor(expected.length / 2)] ?? 'b'
        assert.deepEqual(
          [...keys.withPrefix(prefix, after)],
          expected.filter((key) => key > after),
        )
      },
    ),
    { numRuns: 30 },
  )
})

test('SortedKeys.remove refuses a key that is not there', () => {
  const keys = new SortedKeys()
  assert.throws(() => keys.remove('a'), /not in the set/)
  keys.add('b')
  assert.throws(() => keys.remove('a'), /not in the set/)
})

for (const [where, from, to] of [
  ['front', 0, 2_000],
  ['middle', 500, 2_500],
  ['end', 1_000, 3_000],
] as const)
  test(`SortedKeys goes on after whole chunks at its ${where} were emptied`, () => {
    const keys = new SortedKeys()
    const all = Array.from({ length: 3_000 }, (_, i) => String(i).padStart(4, '0'))
    for (const key of all) keys.add(key)
    for (const key of all.slice(from, to)) keys.remove(key)
    const left = all.filter((_, i) => i < from || i >= to)
    assert.deepEqual([...keys.withPrefix('')], left)
    for (const digit of ['0', '1', '2'])
      assert.equal(keys.count(digit), left.filter((key) => key.startsWith(digit)).length)
    keys.add('1500x')
    assert.deepEqual([...keys.withPrefix('1500')], ['1500x'])
  })
