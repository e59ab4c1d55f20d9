import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { fakeClock } from '#base/fake-clock.ts'
import { nodeLimits } from '../limits.ts'
import { MachineReach, type Reach } from './machine-reach.ts'

function setUp(isAnswering: boolean) {
  const clock = fakeClock()
  const machine = { isAnswering }
  const told: Reach[] = []
  const reach = new MachineReach({
    isMachineAnswering: () => machine.isAnswering,
    clock,
    changed: (state) => told.push(state),
  })
  reach.start()
  return { clock, machine, reach, told }
}

describe('MachineReach', () => {
  test('knows at once that a machine answers, and within a quarter second that it no longer does', async () => {
    const { clock, machine, told } = setUp(true)
    assert.deepEqual(told, ['answering'])
    machine.isAnswering = false
    await clock.advance(nodeLimits.reachPeriodMs)
    assert.deepEqual(told, ['answering', 'silent'])
    machine.isAnswering = true
    await clock.advance(nodeLimits.reachPeriodMs)
    assert.deepEqual(told, ['answering', 'silent', 'answering'])
  })

  test('takes silence after a start for an outage only when the grace is over', async () => {
    const { clock, told } = setUp(false)
    await clock.advance(nodeLimits.reachGraceMs - 1)
    assert.deepEqual(told, [])
    await clock.advance(nodeLimits.firstLookPeriodMs)
    assert.deepEqual(told, ['silent'])
  })

  test('giveGrace puts silence in question for the whole grace again', async () => {
    const { clock, reach, told } = setUp(false)
    await clock.advance(2 * nodeLimits.reachGraceMs)
    reach.giveGrace()
    await clock.advance(nodeLimits.reachGraceMs - 1)
    assert.deepEqual(told, ['silent', 'unknown'])
    await clock.advance(nodeLimits.firstLookPeriodMs)
    assert.equal(reach.state, 'silent')
  })

  test('stop leaves no timer', () => {
    const { clock, reach } = setUp(true)
    reach.stop()
    assert.equal(clock.pending, 0)
  })
})
