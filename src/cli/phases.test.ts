import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fakeClock } from '#base/fake-clock.ts'
import { EXIT, Failure } from './failure.ts'
import { phase, waitUntil } from './phases.ts'

function stage() {
  const clock = fakeClock()
  const said: string[] = []
  return { clock, said, say: (line: string) => void said.push(line) }
}

test('phase says what was seen, and nothing else when that is quick', async () => {
  const context = stage()
  await phase(context, 'api', async () => 'answers')
  await context.clock.advance(60_000)
  assert.deepEqual(context.said, ['api          answers (0.00 s)'])
})

test('phase says every few seconds what it waits for', async () => {
  const context = stage()
  const { clock } = context
  const done = phase(context, 'machines', async (note) => {
    note('machine local-1')
    await clock.sleep(12_000)
    return 'Ready'
  })
  await clock.advance(12_000)
  await done
  assert.deepEqual(context.said, [
    'machines     ... 5 s, waiting for machine local-1',
    'machines     ... 10 s, waiting for machine local-1',
    'machines     Ready (12.00 s)',
  ])
})

test('phase fails when its budget is spent, and says where it hung', async () => {
  const context = stage()
  const hanging = phase(
    context,
    'purge',
    (note) => {
      note('a lock')
      return new Promise<string>(() => undefined)
    },
    { budgetMs: 20_000 },
  )
  const failed = assert.rejects(hanging, (error) => {
    assert.ok(error instanceof Failure)
    assert.equal(error.exitCode, EXIT.timeout)
    assert.match(error.message, /purge did not end within 20 s \(waiting for a lock\)/)
    return true
  })
  await context.clock.advance(20_000)
  await failed
  assert.equal(context.said.at(-1), 'purge        failed after 20.00 s')
  assert.equal(context.clock.pending, 0)
})

test('waitUntil ends in time with what the last probe said', async () => {
  const clock = fakeClock()
  const notes: string[] = []
  const waiting = waitUntil({
    clock,
    timeoutMs: 1_000,
    what: 'an answer',
    probe: () => Promise.reject(new Error('connection refused')),
    note: (what) => void notes.push(what),
  })
  const failed = assert.rejects(waiting, /an answer did not happen within 1 s: connection refused/)
  await clock.advance(2_000)
  await failed
  assert.deepEqual(notes.slice(0, 2), ['an answer', 'an answer: connection refused'])
})
