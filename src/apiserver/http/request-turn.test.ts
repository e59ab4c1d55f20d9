import assert from 'node:assert/strict'
import { type IncomingMessage, ServerResponse } from 'node:http'
import { test } from 'node:test'
import { isReason } from '#base/errors.ts'
import { fakeClock, settle } from '#base/fake-clock.ts'
import { tooManyRequests } from '../api-errors.ts'
import { Dispatcher } from '../fairness/dispatcher.ts'
import type { Fairness } from '../fairness/fairness.ts'
import { SeatPool } from '../fairness/seat-pool.ts'
import { apiLimits } from '../limits.ts'
import { readRequest } from '../request-info.ts'
import { type Asking, RequestTurn } from './request-turn.ts'
import { createStreamCounter } from './stream-counter.ts'

/** A level of one seat. */
function bench() {
  const clock = fakeClock()
  const dispatcher = new Dispatcher({ clock, pool: new SeatPool(), seed: 1, seats: 1 })
  const queuing = { queues: 1, handSize: 1, queueLengthLimit: 10 }
  const level = { name: 'level', uid: 'level-uid', isExempt: false, shares: 1, queuing }
  dispatcher.setLevels([{ ...level, lendablePercent: 0, borrowingLimitPercent: 0 }])
  const to = dispatcher.level('level')
  const flow = { name: 's', uid: 'schema-uid', level: 'level', distinguisher: undefined, rules: [] }
  const fairness: Fairness = {
    flowOf: () => ({ ...flow, to }),
    enter: (_, { signal }) =>
      dispatcher.enter(to, { seats: 1, schema: 's', distinguisher: '', signal }),
    dump: () => '',
    close: () => undefined,
  }
  const slowBodies = createStreamCounter({ max: 1, refusal: () => tooManyRequests('slow') })
  const newTurn = () => {
    const response = new ServerResponse({ method: 'POST' } as IncomingMessage)
    return { response, turn: new RequestTurn({ fairness, clock, slowBodies }, response) }
  }
  return { clock, level: to, newTurn }
}

function asking(path = '/api/v1/namespaces/default/pods', abort = new AbortController()): Asking {
  const query = new URLSearchParams()
  const info = readRequest({ method: 'POST', path, query })
  return { user: { username: 'u', groups: [] }, info, query, signal: abort.signal }
}

test('a request that takes its turn names its flow schema and priority level', async () => {
  const { level, newTurn } = bench()
  const { turn, response } = newTurn()
  await turn.take(asking())
  assert.equal(response.getHeader('X-Kubernetes-PF-FlowSchema-UID'), 'schema-uid')
  assert.equal(response.getHeader('X-Kubernetes-PF-PriorityLevel-UID'), 'level-uid')
  assert.equal(level.inUse, 1)
  turn.leave()
  assert.equal(level.inUse, 0)
})

test('what lasts as long as its user likes takes no seat', async () => {
  const { level, newTurn } = bench()
  for (const subresource of ['log', 'exec', 'attach', 'portforward', 'proxy']) {
    const { turn } = newTurn()
    await turn.take(asking(`/api/v1/namespaces/default/pods/one/${subresource}`))
    assert.equal(level.inUse, 0, subresource)
  }
})

test('a body that comes slowly gives its seat to others until it is there', async () => {
  const { clock, level, newTurn } = bench()
  const [slow, other] = [newTurn().turn, newTurn().turn]
  await slow.take(asking())
  const body = Promise.withResolvers<{ text: string }>()
  let isRead = false
  const read = slow.whileRead(body.promise, asking()).then((value) => {
    isRead = true
    return value
  })
  const others = other.take(asking())
  await clock.advance(apiLimits.bodyWithSeatMs - 1)
  assert.equal(level.queues.waiting, 1)
  await clock.advance(1)
  await others
  body.resolve({ text: 'late' })
  await settle()
  assert.equal(isRead, false, 'it waits for a seat again')
  other.leave()
  assert.deepEqual(await read, { text: 'late' })
  assert.equal(level.inUse, 1)
  slow.leave()
})

test('a user sends a bounded number of bodies slowly', async () => {
  const { clock, level, newTurn } = bench()
  const [first, second] = [newTurn().turn, newTurn().turn]
  const bodies = [Promise.withResolvers<object>(), Promise.withResolvers<object>()] as const
  await first.take(asking())
  const [one, two] = [first.whileRead(bodies[0].promise, asking()), second.take(asking())]
  await clock.advance(apiLimits.bodyWithSeatMs)
  await two
  const refused = assert.rejects(second.whileRead(bodies[1].promise, asking()), (error) =>
    isReason(error, 'TooManyRequests'),
  )
  await clock.advance(apiLimits.bodyWithSeatMs)
  await refused
  bodies[0].resolve({})
  await one
  first.leave()
  assert.equal(level.inUse, 0)
  // Its client breaks off: nobody listens any more, and nothing goes wrong.
  bodies[1].reject(new Error('gone'))
  await settle()
})

test('a body that does not come, or is wrong, ends the request with what was wrong', async () => {
  const { clock, level, newTurn } = bench()
  const { turn } = newTurn()
  await turn.take(asking())
  await assert.rejects(turn.whileRead(Promise.reject(new Error('torn')), asking()), /torn/)
  turn.leave()
  assert.equal(level.inUse, 0)
  assert.equal(clock.pending, 0)
})

test('whoever goes while it comes to be his turn leaves no seat behind', async () => {
  const { level, newTurn } = bench()
  const [first, second] = [newTurn().turn, newTurn().turn]
  await first.take(asking())
  const abort = new AbortController()
  const taken = second.take(asking(undefined, abort))
  first.leave()
  abort.abort(new Error('gone'))
  await assert.rejects(taken, /gone/)
  assert.equal(level.inUse, 0)
})

test('a large answer that nobody takes is cut off; a small one is not waited for', async () => {
  const { clock, newTurn } = bench()
  const [large, small] = [newTurn(), newTurn()]
  large.response.end('x'.repeat(apiLimits.smallAnswerBytes + 1))
  small.response.end('x')
  for (const { turn } of [large, small]) turn.boundAnswer()
  assert.equal(clock.pending, 1)
  await clock.advance(apiLimits.answerTimeoutMs - 1)
  assert.equal(large.response.destroyed, false)
  await clock.advance(1)
  assert.equal(large.response.destroyed, true)
  assert.equal(small.response.destroyed, false)
})
