// Whatever is asked, ends, goes, waits too long or is configured anew: nobody has more seats than there are, each
// request ends exactly once, and no queue is longer than it may be.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { fakeClock, settle } from '#base/fake-clock.ts'
import { Dispatcher, type Turn } from './dispatcher.ts'
import { fairnessLimits } from './fairness-limits.ts'
import type { LevelSpec } from './flow-config.ts'
import { SeatPool } from './seat-pool.ts'

const SEATS = 24
const POOL_SEATS = 30
const GUARANTEED = 3

const levelArbitrary = (name: string) =>
  fc.record({
    name: fc.constant(name),
    uid: fc.constant(''),
    isExempt: fc.constant(false),
    shares: fc.nat(10),
    lendablePercent: fc.nat(100),
    borrowingLimitPercent: fc.constantFrom(0, 50, 300, Infinity),
    queuing: fc.option(
      fc.integer({ min: 1, max: 4 }).chain((queues) =>
        fc.record({
          queues: fc.constant(queues),
          handSize: fc.integer({ min: 1, max: queues }),
          queueLengthLimit: fc.integer({ min: 1, max: 5 }),
        }),
      ),
      { nil: undefined },
    ),
  })
const levelsArbitrary = fc.tuple(levelArbitrary('a'), levelArbitrary('b'), levelArbitrary('c'))

const actionArbitrary = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      type: fc.constant('ask' as const),
      cluster: fc.nat(1),
      level: fc.constantFrom('a', 'b', 'c', 'exempt'),
      seats: fc.integer({ min: 1, max: 10 }),
      user: fc.constantFrom('u', 'v', 'w'),
    }),
  },
  { weight: 4, arbitrary: fc.record({ type: fc.constant('end' as const), pick: fc.nat() }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('abort' as const), pick: fc.nat() }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('pass' as const), ms: fc.nat(9_000) }) },
)

const exempt: LevelSpec = {
  name: 'exempt',
  uid: '',
  isExempt: true,
  shares: 0,
  lendablePercent: 0,
  borrowingLimitPercent: Infinity,
  queuing: undefined,
}

interface Request {
  abort: AbortController
  turn?: Turn
  ends: number
}

/** A process of two clusters under test. */
class Model {
  readonly clock = fakeClock()
  readonly pool = new SeatPool({ seats: POOL_SEATS, guaranteed: GUARANTEED })
  readonly clusters: Dispatcher[]
  readonly requests: Request[] = []

  constructor(specs: readonly LevelSpec[]) {
    const { clock, pool } = this
    this.clusters = [1, 2].map((seed) => new Dispatcher({ clock, pool, seed, seats: SEATS }))
    for (const cluster of this.clusters) cluster.setLevels([...specs, exempt])
  }

  get waitingOrServed(): Request[] {
    return this.requests.filter(({ ends }) => ends === 0)
  }

  ask(cluster: Dispatcher, level: string, seats: number, distinguisher: string): void {
    const request: Request = { abort: new AbortController(), ends: 0 }
    this.requests.push(request)
    const { signal } = request.abort
    void (async () => {
      try {
        const asked = { seats, schema: 's', distinguisher, signal }
        request.turn = await cluster.enter(cluster.level(level), asked)
      } catch {
        request.ends++
      }
    })()
  }

  end(request: Request | undefined): void {
    if (request?.turn === undefined) return
    request.turn.leave()
    request.ends++
  }

  check(specs: readonly LevelSpec[]): void {
    let all = 0
    for (const cluster of this.clusters) {
      const limited = cluster.levels.filter(({ isExempt }) => !isExempt)
      const inUse = limited.reduce((sum, level) => sum + level.inUse, 0)
      const most = Math.max(
        SEATS,
        limited.reduce((sum, level) => sum + level.nominal, 0),
      )
      assert.ok(inUse <= most, `${inUse} seats of ${most} are in use`)
      all += cluster.levels.reduce((sum, level) => sum + level.inUse, 0)
      for (const level of limited) {
        assert.ok(level.inUse <= level.max, `${level.name} holds ${level.inUse} of ${level.max}`)
        const longest = specs.find(({ name }) => name === level.name)?.queuing?.queueLengthLimit
        for (const { waiting } of level.queues.all) assert.ok(waiting.length <= (longest ?? 0))
      }
    }
    assert.equal(this.pool.inUse, all)
    assert.ok(all <= POOL_SEATS + 2 * GUARANTEED, `${all} seats of the process are in use`)
  }

  /** Lets everything end; what never gets a seat (a level with none) is refused for its time. */
  async drain(): Promise<void> {
    for (let round = 0; this.waitingOrServed.length > 0; round++) {
      assert.ok(round < 1_000, 'requests never end')
      for (const request of this.waitingOrServed) this.end(request)
      await settle()
      if (this.waitingOrServed.every(({ turn }) => turn === undefined))
        await this.clock.advance(fairnessLimits.waitMs)
    }
  }
}

test('seats, queues and endings of requests keep to their bounds', async () => {
  await fc.assert(
    fc.asyncProperty(
      levelsArbitrary,
      fc.array(actionArbitrary, { minLength: 20, maxLength: 150, size: 'max' }),
      async (specs, actions) => {
        const model = new Model(specs)
        for (const action of actions) {
          const { requests, clusters, clock } = model
          if (action.type === 'ask')
            model.ask(clusters[action.cluster]!, action.level, action.seats, action.user)
          else if (action.type === 'pass') await clock.advance(action.ms)
          else {
            const open = model.waitingOrServed
            const request = open[action.pick % Math.max(1, open.length)]
            if (action.type === 'abort' && request?.turn === undefined) request?.abort.abort()
            if (action.type === 'end') model.end(request)
          }
          await settle()
          model.check(specs)
          assert.ok(requests.every(({ ends }) => ends <= 1))
        }
        await model.drain()
        assert.ok(model.requests.every(({ ends }) => ends === 1))
        assert.equal(model.pool.inUse, 0)
        assert.equal(model.clock.pending, 0)
        for (const { levels, waiting } of model.clusters) {
          assert.equal(waiting, 0)
          for (const { inUse, queues } of levels) assert.deepEqual([inUse, queues.all], [0, []])
        }
      },
    ),
    { numRuns: 60 },
  )
})
