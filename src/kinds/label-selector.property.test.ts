import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { formatRequirements, type LabelRequirement, matchesRequirements } from './label-selector.ts'
import { parseLabelSelector } from './label-selector-parser.ts'

const key = fc.constantFrom('app', 'tier', 'example.com/part', 'in', 'notin', 'n')
const value = fc.constantFrom('', 'a', 'b', 'in', '1', '2', '30')
const requirement: fc.Arbitrary<LabelRequirement> = fc.oneof(
  fc.record({
    key,
    operator: fc.constantFrom('=' as const, '==' as const, '!=' as const),
    values: fc.tuple(value),
  }),
  fc.record({
    key,
    operator: fc.constantFrom('in' as const, 'notin' as const),
    values: fc.uniqueArray(value, { minLength: 1, maxLength: 3 }),
  }),
  fc.record({
    key,
    operator: fc.constantFrom('exists' as const, '!' as const),
    values: fc.constant([]),
  }),
  fc.record({
    key,
    operator: fc.constantFrom('gt' as const, 'lt' as const),
    values: fc.tuple(fc.nat().map(String)),
  }),
)
const requirements = fc.array(requirement, { maxLength: 5 })
const labels = fc.dictionary(key, value)

test('parseLabelSelector reads what formatRequirements writes', () => {
  fc.assert(
    fc.property(requirements, labels, (list, set) => {
      const text = formatRequirements(list)
      const read = parseLabelSelector(text)
      assert.equal(formatRequirements(read), text)
      assert.equal(matchesRequirements(read, set), matchesRequirements(list, set))
    }),
  )
})

test('requirements narrow: all together match what each of them matches', () => {
  fc.assert(
    fc.property(requirements, labels, (list, set) => {
      const each = list.every((one) => matchesRequirements([one], set))
      assert.equal(matchesRequirements(list, set), each)
    }),
  )
})

test('parseLabelSelector reads any text or refuses it as BadRequest', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom('a', 'b', 'in', '=', '!', '(', ')', ',', '<', '>', ' ') }),
      (text) => {
        try {
          parseLabelSelector(text)
        } catch (error) {
          assert.equal((error as { reason?: string }).reason, 'BadRequest')
        }
      },
    ),
  )
})
