import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { orderedBy } from './element-order.ts'
import { applyMergePatch } from './merge-patch.ts'

const MAP = { maxKeys: 4, noNullPrototype: true }

// Maps without null, for null in a patch means "remove".
const value = fc.letrec((tie) => ({
  node: fc.oneof(
    { depthSize: 'small' },
    fc.integer(),
    fc.string(),
    fc.array(fc.integer(), { maxLength: 3 }),
    fc.dictionary(fc.string({ maxLength: 3 }), tie('node'), MAP),
  ),
})).node
const map = fc.dictionary(fc.string({ maxLength: 3 }), value, MAP)

test('applyMergePatch applied twice is applied once', () => {
  fc.assert(
    fc.property(map, map, (target, patch) => {
      const once = applyMergePatch(target, patch)
      assert.deepEqual(applyMergePatch(once, patch), once)
    }),
  )
})

test('applyMergePatch of a map without nulls onto nothing is that map', () => {
  fc.assert(fc.property(map, (patch) => assert.deepEqual(applyMergePatch({}, patch), { ...patch })))
})

const ids = fc.uniqueArray(fc.integer({ min: 0, max: 12 }), { maxLength: 8 })

test('orderedBy keeps every element, named ones in the order given, others in the old one', () => {
  fc.assert(
    fc.property(ids, ids, (before, order) => {
      const items = [...new Set([...before, ...order])]
      const result = orderedBy(items, order, before)
      assert.deepEqual(new Set(result), new Set(items))
      assert.equal(result.length, items.length)
      const named = new Set<unknown>(order)
      assert.deepEqual(
        result.filter((one) => named.has(one)),
        order,
      )
      assert.deepEqual(
        result.filter((one) => !named.has(one)),
        before.filter((one) => !named.has(one)),
      )
    }),
  )
})
