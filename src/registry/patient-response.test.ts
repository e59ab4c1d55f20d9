import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fakeClock } from '#base/fake-clock.ts'
import { patientResponse } from './patient-response.ts'
import { registryLimits } from './registry-limits.ts'

const chunksOf = (work: Promise<unknown>, clock = fakeClock()) =>
  (patientResponse(work, clock).body as AsyncIterable<Uint8Array>)[Symbol.asyncIterator]()

const text = ({ value }: IteratorResult<Uint8Array>) => Buffer.from(value ?? '').toString()

test('what is there at once is all that is sent', async () => {
  const chunks = chunksOf(Promise.resolve({ a: 1 }))
  assert.equal(text(await chunks.next()), '{"a":1}')
  assert.equal((await chunks.next()).done, true)
})

test('a long wait never is a silent one, and its answer is JSON', async () => {
  const clock = fakeClock()
  const work = Promise.withResolvers<unknown>()
  const chunks = chunksOf(work.promise, clock)
  let sent = ''
  for (let wait = 0; wait < 3; wait++) {
    const next = chunks.next()
    await clock.advance(registryLimits.patienceMs)
    sent += text(await next)
  }
  assert.equal(sent, '\n\n\n')
  const last = chunks.next()
  work.resolve({ a: 1 })
  assert.deepEqual(JSON.parse(sent + text(await last)), { a: 1 })
})

test('a failure ends the answer before its end', async () => {
  await assert.rejects(chunksOf(Promise.reject(new Error('EIO'))).next(), /EIO/)
})

test('the pause is shorter than a silent connection lasts', () => {
  assert.ok(registryLimits.patienceMs * 2 < registryLimits.socketIdleMs)
})
