import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { dealHand } from './deal-hand.ts'

test('a hand is of different queues, and the same for the same flow and seed', () => {
  fc.assert(
    fc.property(
      fc.string(),
      fc.nat(),
      fc.integer({ min: 1, max: 500 }),
      fc.integer({ min: 1, max: 10 }),
      (flow, seed, queues, wanted) => {
        const options = { queues, handSize: Math.min(wanted, queues), seed }
        const hand = dealHand(flow, options)
        assert.deepEqual(hand, dealHand(flow, options))
        assert.equal(new Set(hand).size, options.handSize)
        for (const index of hand) assert.ok(index >= 0 && index < queues)
      },
    ),
  )
})

test('another seed deals other hands, and hands use all queues alike', () => {
  const used = Array.from({ length: 16 }, () => 0)
  let same = 0
  for (let flow = 0; flow < 1_600; flow++) {
    const hand = dealHand(`user-${flow}`, { queues: 16, handSize: 4, seed: 1 })
    for (const index of hand) used[index]!++
    const other = dealHand(`user-${flow}`, { queues: 16, handSize: 4, seed: 2 })
    if (hand.join() === other.join()) same++
  }
  // 400 each on average; the standard deviation is below 20.
  for (const count of used) assert.ok(count > 300 && count < 500, used.join(' '))
  assert.ok(same < 5, `${same} hands are the same`)
})

test('a flow that fills its hand leaves nearly every other flow a queue', () => {
  const options = { queues: 64, handSize: 6, seed: 7 }
  const elephant = new Set(dealHand('elephant', options))
  const shutOut = Array.from({ length: 10_000 }, (_, i) => `mouse-${i}`).filter((mouse) =>
    dealHand(mouse, options).every((index) => elephant.has(index)),
  )
  assert.deepEqual(shutOut, [])
})
