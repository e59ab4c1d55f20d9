import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fakeClock } from '#base/fake-clock.ts'
import { Dispatcher } from './dispatcher.ts'
import { dump } from './dump.ts'
import { SeatPool } from './seat-pool.ts'

test('the dumps tell what waits where, and what became of the rest', async () => {
  const dispatcher = new Dispatcher({ clock: fakeClock(), pool: new SeatPool(), seed: 1, seats: 1 })
  const level = { uid: '', isExempt: false, lendablePercent: 0, borrowingLimitPercent: 0 }
  const queuing = { queues: 1, handSize: 1, queueLengthLimit: 1 }
  dispatcher.setLevels([
    { ...level, name: 'low', shares: 1, queuing },
    { ...level, name: 'empty', shares: 0, queuing: undefined },
  ])
  const { signal } = new AbortController()
  const enter = () =>
    dispatcher.enter(dispatcher.level('low'), {
      seats: 1,
      schema: 'schema',
      distinguisher: 'jane',
      signal,
    })
  const turn = await enter()
  const waits = enter()
  await assert.rejects(Promise.resolve(enter()))
  const print = (what: Parameters<typeof dump>[0]) => dump(what, dispatcher.levels)
  assert.equal(
    print('dump_priority_levels'),
    `PriorityLevelName, ActiveQueues, IsIdle, IsQuiescing, WaitingRequests, ExecutingRequests, DispatchedRequests, RejectedRequests, TimedoutRequests, CancelledRequests
empty,             0,            true,   false,       0,               0,                 0,                  0,                0,                0
low,               1,            false,  false,       1,               1,                 1,                  1,                0,                0
`,
  )
  assert.match(print('dump_queues'), /\nlow, +0, +1, +0, +0, +0\.00000000ss, +1, +1, +1ss\n$/)
  assert.match(
    print('dump_requests'),
    /\nlow, +schema, +0, +0, +jane, +2026-01-01T00:00:00\.000Z, 1, +0, +0s,\n$/,
  )
  turn.leave()
  ;(await waits).leave()
  assert.equal(print('dump_requests').split('\n').length, 2)
})
