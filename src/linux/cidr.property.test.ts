import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { addressIn, formatCidr, overlaps, parseAddress, parseCidr, sizeOf } from './cidr.ts'

const address = fc.ipV4()
const cidr = fc
  .tuple(address, fc.integer({ min: 0, max: 32 }))
  .map(([a, p]) => parseCidr(`${a}/${p}`))

test('parseCidr reads what formatCidr writes', () => {
  fc.assert(fc.property(cidr, (range) => assert.deepEqual(parseCidr(formatCidr(range)), range)))
})

test('overlaps is symmetric, and two ranges overlap exactly when one holds the other', () => {
  const holds = (a: typeof cidr extends fc.Arbitrary<infer C> ? C : never, b: typeof a) =>
    a.prefix <= b.prefix && Math.floor(b.base / sizeOf(a)) * sizeOf(a) === a.base
  fc.assert(
    fc.property(cidr, cidr, (a, b) => {
      assert.equal(overlaps(a, b), overlaps(b, a))
      assert.equal(overlaps(a, b), holds(a, b) || holds(b, a))
    }),
  )
})

test('addressIn gives addresses of the range only', () => {
  fc.assert(
    fc.property(cidr, fc.nat(), (range, n) => {
      const index = n % sizeOf(range)
      const found = parseAddress(addressIn(range, index))
      assert.ok(found >= range.base && found < range.base + sizeOf(range))
      assert.throws(() => addressIn(range, sizeOf(range)), RangeError)
    }),
  )
})

test('parseCidr refuses what is no range', () => {
  for (const text of [
    '',
    '10.0.0/8',
    '10.0.0.256',
    '10.0.0.0/33',
    'a.b.c.d',
    '10.0.0.0/x',
    '1e1.0.0.0',
  ])
    assert.throws(() => parseCidr(text), RangeError, text)
})
