import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fakeClock } from '#base/fake-clock.ts'
import { seededRandom } from '#base/random.ts'
import { PendingQueue } from './pending-queue.ts'

const podOf = (key: string, priority = 0, uid = key) => ({ key, uid, priority })

function queueWith() {
  const clock = fakeClock()
  const queue = new PendingQueue({ clock, random: seededRandom(1), onReady: () => undefined })
  return { clock, queue }
}

test('PendingQueue gives pods by priority, and in order of arrival when that is equal', () => {
  const { queue } = queueWith()
  for (const pod of [podOf('a'), podOf('b', 5), podOf('c'), podOf('d', 5)]) queue.add(pod)
  const order = [queue.pop(), queue.pop(), queue.pop(), queue.pop()].map((pod) => pod?.key)
  assert.deepEqual(order, ['b', 'd', 'a', 'c'])
  assert.equal(queue.pop(), undefined)
})

test('PendingQueue keeps a parked pod until a change helps one of its refusals', async () => {
  const { clock, queue } = queueWith()
  queue.add(podOf('a'))
  queue.park(queue.pop()!, new Set(['NodeResourcesFit']))
  await clock.advance(20_000)
  queue.retryParked(['NodePorts'])
  assert.equal(queue.pop(), undefined)
  queue.retryParked(['NodeResourcesFit'])
  assert.equal(queue.pop()?.key, 'a')
})

test('PendingQueue lets a pod rest longer with each attempt, at most ten seconds', async () => {
  const { clock, queue } = queueWith()
  queue.add(podOf('a'))
  let pod = queue.pop()!
  const rests: number[] = []
  for (let attempt = 0; attempt < 6; attempt++) {
    queue.rest(pod)
    const begin = clock.now()
    let next = queue.pop()
    for (; next === undefined; next = queue.pop()) await clock.advance(1_000)
    rests.push(clock.now() - begin)
    pod = next
  }
  assert.deepEqual(rests, [1_000, 2_000, 4_000, 8_000, 10_000, 10_000])
})

test('PendingQueue tries a parked pod again after five minutes without any change', async () => {
  const { clock, queue } = queueWith()
  queue.add(podOf('a'))
  queue.park(queue.pop()!, new Set(['NodeAffinity']))
  await clock.advance(299_000)
  assert.equal(queue.pop(), undefined)
  await clock.advance(2_000)
  assert.equal(queue.pop()?.key, 'a')
})

test('PendingQueue forgets a removed pod wherever it waits, with its timers', async () => {
  const { clock, queue } = queueWith()
  for (const key of ['ready', 'resting', 'parked']) queue.add(podOf(key))
  queue.pop()
  queue.rest(queue.pop()!)
  queue.park(queue.pop()!, new Set())
  for (const key of ['ready', 'resting', 'parked']) queue.remove(key)
  queue.retryParked()
  assert.deepEqual([queue.size, queue.pop(), clock.pending], [0, undefined, 0])
})

test('PendingQueue.done and rest leave a successor of the same name alone', () => {
  const { queue } = queueWith()
  queue.add(podOf('a', 0, 'old'))
  const old = queue.pop()!
  queue.add(podOf('a', 0, 'new'))
  queue.done(old)
  queue.rest(old)
  assert.equal(queue.pop()?.uid, 'new')
})
