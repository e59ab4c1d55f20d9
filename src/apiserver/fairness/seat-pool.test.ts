import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fairnessLimits } from './fairness-limits.ts'
import { type PoolMember, type PoolOptions, SeatPool } from './seat-pool.ts'

/** Clusters that each want `wants` seats for one request after another. */
function bench(options: PoolOptions = {}) {
  const turns: (() => void)[] = []
  const pool = new SeatPool({ ...options, nextTurn: (callback) => void turns.push(callback) })
  const served: string[] = []
  const join = (name: string, wants: number) => {
    let waiting = 0
    const serveOne = (taking: 'may-wait' | 'is-next') => {
      if (waiting === 0 || !member.take(wants, taking)) return false
      waiting--
      served.push(name)
      return true
    }
    const member: PoolMember = pool.join({
      serveOne() {
        const wasServed = serveOne('is-next')
        if (wasServed && waiting > 0) member.wait()
        return wasServed
      },
      serve() {
        while (serveOne('may-wait'));
      },
    })
    const ask = (times: number) => {
      waiting += times
      member.callbacks.serve()
    }
    return { member, ask }
  }
  const nextTurn = () => {
    for (const callback of turns.splice(0)) callback()
  }
  return { pool, served, join, nextTurn }
}

test('of clusters that wait, the one that holds fewest seats is served first', () => {
  const { pool, served, join } = bench({ seats: 4, guaranteed: 0 })
  const [a, b] = [join('a', 1), join('b', 1)]
  a.ask(10)
  b.ask(10)
  assert.deepEqual(served, ['a', 'a', 'a', 'a'])
  for (const { member } of [a, a, a, b, a, b]) {
    member.give(1)
    pool.serve()
  }
  assert.deepEqual(served.slice(4), ['b', 'b', 'a', 'b', 'a', 'b'])
  assert.equal(pool.inUse, 4)
})

test('a cluster always has its few seats, and one that never waits is not noted', () => {
  const { pool, served, join } = bench({ seats: 4, guaranteed: 2 })
  const [a, b] = [join('a', 1), join('b', 1)]
  a.ask(10)
  b.ask(3)
  assert.deepEqual(served, ['a', 'a', 'a', 'a', 'b', 'b'])
  const c = join('c', 1)
  assert.equal(c.member.take(3, 'never-waits'), false)
  assert.equal(c.member.take(2, 'never-waits'), true)
  assert.equal(pool.inUse, 8)
})

test('large requests begin a few in a turn of the event loop, of each cluster alike', () => {
  const { served, join, nextTurn } = bench()
  const [a, b] = [join('a', fairnessLimits.seatsOfATurn), join('b', fairnessLimits.seatsOfATurn)]
  const small = join('small', 1)
  a.ask(3)
  b.ask(3)
  small.ask(2)
  assert.deepEqual(served, ['a', 'small', 'small'], 'small ones are not held')
  for (let turn = 0; turn < 5; turn++) nextTurn()
  assert.deepEqual(served.slice(3).toSorted(), ['a', 'a', 'b', 'b', 'b'])
  assert.deepEqual(served.slice(3, 5).toSorted(), ['a', 'b'])
  nextTurn()
  a.ask(1)
  assert.equal(served.at(-1), 'a', 'a turn without any holds nobody')
})
