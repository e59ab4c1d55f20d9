import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isReason } from '#base/errors.ts'
import { fakeClock, settle } from '#base/fake-clock.ts'
import { Dispatcher, type Turn } from './dispatcher.ts'
import { fairnessLimits } from './fairness-limits.ts'
import type { LevelSpec } from './flow-config.ts'
import { SeatPool } from './seat-pool.ts'

const QUEUING = { queues: 128, handSize: 4, queueLengthLimit: 1_000 }

const levelSpec = (name: string, more: Partial<LevelSpec> = {}): LevelSpec => ({
  name,
  uid: '',
  isExempt: false,
  shares: 10,
  lendablePercent: 0,
  borrowingLimitPercent: 0,
  queuing: QUEUING,
  ...more,
})
const exempt = levelSpec('exempt', { isExempt: true, shares: 0, queuing: undefined })

interface Served {
  who: string
  turn: Turn
}

/** A cluster with these levels; who is served goes to `served`. */
function bench(specs: readonly LevelSpec[], { seats = 10, pool = new SeatPool() } = {}) {
  const clock = fakeClock()
  const dispatcher = new Dispatcher({ clock, pool, seed: 1, seats })
  dispatcher.setLevels(specs)
  const served: Served[] = []
  const refused: { who: string; error: unknown }[] = []
  const ask = (who: string, { level = specs[0]!.name, seats: wanted = 1 } = {}) => {
    const abort = new AbortController()
    const asked = { seats: wanted, schema: 's', distinguisher: who, signal: abort.signal }
    void (async () => {
      try {
        served.push({ who, turn: await dispatcher.enter(dispatcher.level(level), asked) })
      } catch (error) {
        refused.push({ who, error })
      }
    })()
    return abort
  }
  const names = () => served.map(({ who }) => who)
  return {
    clock,
    dispatcher,
    served,
    refused,
    ask,
    names,
    level: (name: string) => dispatcher.level(name),
  }
}

const times = (count: number, act: () => void) => {
  for (let i = 0; i < count; i++) act()
}

test('a mouse waits for few of the thousand that an elephant has waiting', async () => {
  const { ask, served, names, dispatcher } = bench([levelSpec('low')])
  times(1_000, () => ask('elephant'))
  await settle()
  assert.equal(served.length, 10)
  assert.equal(dispatcher.waiting, 990)
  for (let mouse = 0; mouse < 50; mouse++) {
    ask(`mouse-${mouse}`)
    let dispatches = 0
    for (; !names().includes(`mouse-${mouse}`); dispatches++) {
      served.shift()!.turn.leave()
      await settle()
    }
    // At first each queue of the elephant's hand has one turn; from then on it has had more than any mouse.
    const most = mouse === 0 ? QUEUING.handSize + 1 : 1
    assert.ok(dispatches <= most, `mouse ${mouse} waited for ${dispatches}`)
    served.splice(names().indexOf(`mouse-${mouse}`), 1)[0]!.turn.leave()
    await settle()
  }
})

test('every request of a flood is served in the end, each once', async () => {
  const { ask, served, refused, dispatcher } = bench([levelSpec('low')])
  times(500, () => ask('elephant'))
  times(5, () => ask('mouse'))
  let done = 0
  for (await settle(); served.length > 0; await settle()) {
    const { turn } = served.shift()!
    turn.leave()
    turn.leave()
    done++
  }
  assert.equal(done, 505)
  assert.deepEqual(refused, [])
  assert.equal(dispatcher.level('low').inUse, 0)
  assert.deepEqual(dispatcher.level('low').queues.all, [])
})

test('of two who always wait each has half of the seats, however long the requests of one take', async () => {
  const { ask, served, clock } = bench([levelSpec('low')])
  times(400, () => ask('slow'))
  times(400, () => ask('fast'))
  await settle()
  const until = new Map<Turn, number>()
  const heldMs: Record<string, number> = { slow: 0, fast: 0 }
  for (let at = 0; at < fairnessLimits.waitMs; at += 100) {
    for (const { who, turn } of served) {
      if (!until.has(turn)) until.set(turn, at + (who === 'slow' ? 3_000 : 200))
      // What was served before anybody waited says nothing yet.
      if (at > 3_000) heldMs[who]! += 100
    }
    for (const { turn } of served.filter((one) => until.get(one.turn)! <= at)) {
      served.splice(
        served.findIndex((one) => one.turn === turn),
        1,
      )
      turn.leave()
    }
    await clock.advance(100)
    assert.equal(served.length, 10)
  }
  const part = heldMs['slow']! / (heldMs['slow']! + heldMs['fast']!)
  assert.ok(part > 0.4 && part < 0.6, `the slow one held ${Math.round(part * 100)} %`)
})

test('who waits too long, finds his queue full, or meets a level without queues is told to come again', async () => {
  const specs = [
    levelSpec('short', { queuing: { queues: 1, handSize: 1, queueLengthLimit: 2 } }),
    levelSpec('none', { queuing: undefined }),
  ]
  const { ask, served, refused, clock, level } = bench(specs)
  times(8, () => ask('a', { level: 'short' }))
  times(6, () => ask('b', { level: 'none' }))
  await settle()
  assert.equal(served.length, 10)
  assert.equal(refused.length, 2)
  assert.equal(level('short').counts.rejected, 1)
  assert.equal(level('none').counts.rejected, 1)
  await clock.advance(fairnessLimits.waitMs - 1)
  assert.equal(refused.length, 2)
  await clock.advance(1)
  assert.equal(refused.length, 4)
  assert.equal(level('short').counts.timedOut, 2)
  for (const { error } of refused) {
    assert.ok(isReason(error, 'TooManyRequests'))
    assert.equal(error.message, 'Too many requests, please try again later.')
    assert.equal(error.details?.retryAfterSeconds, 1)
  }
  assert.equal(clock.pending, 0)
})

test('who goes while he waits leaves his queue', async () => {
  const { ask, served, refused, dispatcher, clock } = bench([levelSpec('low')])
  times(10, () => ask('a'))
  const gone = ask('b')
  ask('c')
  await settle()
  gone.abort(new Error('gone'))
  await settle()
  assert.match(String(refused[0]?.error), /gone/)
  assert.equal(dispatcher.waiting, 1)
  assert.equal(dispatcher.level('low').counts.cancelled, 1)
  served.shift()!.turn.leave()
  await settle()
  assert.equal(served.at(-1)?.who, 'c')
  assert.equal(clock.pending, 0)
})

test('a level has its own seats at once, borrows what others lend and gives it back as its requests end', async () => {
  const specs = [
    levelSpec('lender', { shares: 8, lendablePercent: 75 }),
    levelSpec('borrower', { shares: 2, borrowingLimitPercent: Infinity }),
  ]
  const { ask, served, names, level } = bench(specs)
  times(20, () => ask('b', { level: 'borrower' }))
  await settle()
  assert.equal(level('borrower').inUse, 8, 'two of its own, six that are lent')
  times(4, () => ask('l', { level: 'lender' }))
  await settle()
  assert.equal(level('lender').inUse, 2, 'what it never lends')
  served.shift()!.turn.leave()
  await settle()
  assert.equal(names().at(-1), 'l', 'who lent is served first')
  assert.equal(level('lender').inUse, 3)
  assert.equal(level('borrower').inUse, 7)
})

test('a borrowing limit bounds what a level holds', async () => {
  const specs = [
    levelSpec('lender', { shares: 8, lendablePercent: 100 }),
    levelSpec('borrower', { shares: 2, borrowingLimitPercent: 50 }),
  ]
  const { ask, level } = bench(specs)
  times(20, () => ask('b', { level: 'borrower' }))
  await settle()
  assert.equal(level('borrower').inUse, 3)
})

test('a wide request is not passed for ever by narrow ones, and is cut down to what its level gives', async () => {
  const specs = [levelSpec('low', { shares: 1 })]
  const { ask, served, level, names } = bench(specs, { seats: 20 })
  times(20, () => ask('narrow'))
  ask('wide', { seats: 10 })
  times(20, () => ask('narrow'))
  await settle()
  for (let i = 0; !names().includes('wide') && i < 40; i++) {
    served.shift()!.turn.leave()
    await settle()
    assert.ok(level('low').inUse <= 20)
  }
  assert.ok(names().includes('wide'))
  // 15 % of twenty.
  assert.equal(level('low').inUse, 20)
  assert.equal(served.length, 18)
})

test('exempt requests never wait for others of their cluster', async () => {
  const { ask, served } = bench([levelSpec('low'), exempt])
  times(50, () => ask('flood'))
  times(100, () => ask('admin', { level: 'exempt' }))
  await settle()
  assert.equal(served.filter(({ who }) => who === 'admin').length, 100)
})

test('a level that is gone serves who waits in it, and goes when it is empty', async () => {
  const { ask, served, refused, dispatcher } = bench([levelSpec('old'), exempt])
  times(12, () => ask('a'))
  await settle()
  const old = dispatcher.level('old')
  dispatcher.setLevels([levelSpec('new'), exempt])
  assert.equal(old.isQuiescing, true)
  while (served.length > 0) {
    served.shift()!.turn.leave()
    await settle()
  }
  assert.deepEqual(refused, [])
  assert.deepEqual(dispatcher.levels.map(({ name }) => name).toSorted(), ['exempt', 'new'])
  assert.equal(dispatcher.level('new').nominal, 10)
})

test('more seats, once given, are used by who waits', async () => {
  const { ask, served, dispatcher } = bench([
    levelSpec('low', { shares: 1 }),
    levelSpec('other', { shares: 9 }),
  ])
  times(5, () => ask('a'))
  await settle()
  assert.equal(served.length, 1)
  dispatcher.setLevels([levelSpec('low', { shares: 1 })])
  await settle()
  assert.equal(served.length, 5)
})

test('a cluster that is flooded, also by its administrators, leaves seats to the other clusters', async () => {
  const pool = new SeatPool({ seats: 20, guaranteed: 2 })
  const noisy = bench([levelSpec('low'), exempt], { seats: 100, pool })
  const quiet = bench([levelSpec('low'), exempt], { seats: 100, pool })
  const late = bench([levelSpec('low')], { seats: 100, pool })
  times(60, () => noisy.ask('flood'))
  times(60, () => noisy.ask('admin', { level: 'exempt' }))
  await settle()
  assert.equal(pool.inUse, 20)
  times(5, () => quiet.ask('quiet'))
  await settle()
  assert.equal(quiet.served.length, 2, 'what it has whatever others do')
  for (let i = 0; i < 3; i++) {
    noisy.served.shift()!.turn.leave()
    await settle()
  }
  assert.equal(pool.inUse, 20)
  // Two seats more than there are were held: the first to end give nothing to anybody.
  assert.equal(quiet.served.length, 3, quiet.names().join())
  late.ask('late')
  await settle()
  assert.equal(late.served.length, 1)
  for (const { served } of [noisy, quiet, late])
    for (; served.length > 0; await settle()) served.shift()!.turn.leave()
  for (const { served } of [noisy, quiet, late])
    for (; served.length > 0; await settle()) served.shift()!.turn.leave()
  assert.equal(pool.inUse, 0)
})
