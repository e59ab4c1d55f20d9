import assert from 'node:assert/strict'
import { test } from 'node:test'
import { judge, RESTART_BACKOFF, started, UNSEEN, type Watched } from './supervision.ts'

/** Looks every half second at a process that dies `livesMs` after each start; returns when it was started. */
function startsOf(livesMs: number, untilMs: number): number[] {
  const starts: number[] = []
  let watched: Watched = UNSEEN
  for (let now = 0; now <= untilMs; now += 500) {
    const last = starts.at(-1)
    const isAlive = last !== undefined && now - last < livesMs
    const judgement = judge(watched, isAlive, now)
    watched = judgement.watched
    if (judgement.action === 'start') {
      starts.push(now)
      watched = started(watched, now)
    }
  }
  return starts
}

test('judge starts what was never seen at once, and leaves alone what lives', () => {
  assert.equal(judge(UNSEEN, false, 1_000).action, 'start')
  assert.deepEqual(startsOf(Infinity, 600_000), [0])
})

test('judge starts a process within two looks after its first death', () => {
  const alive = judge(UNSEEN, true, 0).watched
  const dead = judge(alive, false, 500)
  assert.deepEqual(dead.died, { restartInMs: 500 })
  assert.equal(judge(dead.watched, false, 999).action, 'none')
  assert.equal(judge(dead.watched, false, 1_000).action, 'start')
})

test('judge waits longer for each death in a row, and never longer than a minute', () => {
  const starts = startsOf(500, 600_000)
  const waits = starts.slice(1).map((at, i) => at - starts[i]!)
  assert.deepEqual(waits.slice(0, 4), [1_000, 1_500, 2_500, 4_500])
  assert.ok(waits.every((wait) => wait <= RESTART_BACKOFF.maxMs + 500))
  assert.equal(waits.at(-1), RESTART_BACKOFF.maxMs + 500)
})

test('judge forgets deaths of a process that has lived for a minute', () => {
  const waits = startsOf(61_000, 300_000)
  for (const [i, at] of waits.slice(1).entries()) assert.equal(at - waits[i]!, 61_500)
})

test('judge does not wait for hours when the clock was set back by hours', () => {
  const hour = 3_600_000
  const alive = judge(UNSEEN, true, 10 * hour).watched
  const dead = judge(alive, false, 10 * hour).watched
  const later = judge(dead, false, hour)
  assert.ok(later.watched.startAtMs <= hour + RESTART_BACKOFF.maxMs)
})
