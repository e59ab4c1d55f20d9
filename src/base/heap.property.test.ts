import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Heap } from './heap.ts'

test('Heap gives back what was put in, in order, whatever pushes and pops came between', () => {
  const step = fc.oneof(fc.record({ push: fc.integer({ min: 0, max: 50 }) }), fc.constant('pop'))
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const heap = new Heap<number>((a, b) => a < b)
      let model: number[] = []
      for (const each of steps) {
        if (typeof each === 'string') {
          assert.equal(heap.pop(), model[0])
          model = model.slice(1)
        } else {
          heap.push(each.push)
          model = [...model, each.push].toSorted((a, b) => a - b)
        }
        assert.equal(heap.size, model.length)
        assert.equal(heap.peek(), model[0])
      }
    }),
    { seed: 11, numRuns: 300 },
  )
})
