import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  addQuantities,
  canonicalQuantity,
  compareQuantities,
  formatQuantity,
  parseQuantity,
  subtractQuantities,
} from './quantity.ts'

const SUFFIXES = ['', 'n', 'u', 'm', 'k', 'M', 'G', 'Ki', 'Mi', 'Gi', 'e3', 'E-2', 'e+6']

const written = fc
  .tuple(
    fc.constantFrom('', '-', '+'),
    fc.integer({ min: 0, max: 1_000_000 }),
    fc.option(fc.integer({ min: 0, max: 999 })),
    fc.constantFrom(...SUFFIXES),
  )
  .map(([sign, whole, fraction, suffix]) =>
    fraction === null ? `${sign}${whole}${suffix}` : `${sign}${whole}.${fraction}${suffix}`,
  )

test('canonicalQuantity changes the notation, never the value, and is final', () => {
  fc.assert(
    fc.property(written, (text) => {
      const canonical = canonicalQuantity(text)
      assert.equal(parseQuantity(canonical).nanos, parseQuantity(text).nanos)
      assert.equal(canonicalQuantity(canonical), canonical)
      assert.doesNotMatch(canonical, /\./)
    }),
  )
})

test('compareQuantities orders as the exact values do', () => {
  fc.assert(
    fc.property(written, written, (a, b) => {
      const difference = parseQuantity(a).nanos - parseQuantity(b).nanos
      assert.equal(compareQuantities(a, b), difference < 0n ? -1 : difference > 0n ? 1 : 0)
    }),
  )
})

test('addQuantities commutes in value and is undone by subtractQuantities', () => {
  fc.assert(
    fc.property(written, written, (a, b) => {
      const sum = addQuantities(a, b)
      assert.equal(compareQuantities(sum, addQuantities(b, a)), 0)
      assert.equal(compareQuantities(subtractQuantities(sum, b), a), 0)
    }),
  )
})

test('formatQuantity writes what parseQuantity reads, in every notation', () => {
  const format = fc.constantFrom('decimal' as const, 'binary' as const, 'exponent' as const)
  fc.assert(
    fc.property(fc.bigInt({ min: -(10n ** 24n), max: 10n ** 24n }), format, (nanos, notation) => {
      assert.equal(parseQuantity(formatQuantity({ nanos, format: notation })).nanos, nanos)
    }),
  )
})
