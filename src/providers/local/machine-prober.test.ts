import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fakeClock } from '#base/fake-clock.ts'
import { createMachineProber } from './machine-prober.ts'

function setUp() {
  const state = { network: true, runtime: true, probes: 0 }
  const changes: string[] = []
  const clock = fakeClock()
  const prober = createMachineProber({
    clock,
    probe: async () => {
      state.probes++
      return state.network
    },
    onChange: (name, isAnswering) => changes.push(`${name} ${isAnswering}`),
  })
  prober.watch({ name: 'm1', address: '10.64.0.11', isRuntimeAlive: () => state.runtime })
  return { state, changes, clock, prober }
}

test('MachineProber asks four times a second', async () => {
  const { state, clock } = setUp()
  await clock.advance(1_000)
  assert.equal(state.probes, 5)
})

test('MachineProber notices a cut network within a second, but forgives one lost packet', async () => {
  const { state, changes, clock, prober } = setUp()
  await clock.advance(250)
  assert.equal(prober.isAnswering('m1'), true)
  state.network = false
  await clock.advance(250)
  state.network = true
  await clock.advance(500)
  assert.deepEqual(changes, ['m1 true'])
  state.network = false
  await clock.advance(750)
  assert.equal(prober.isAnswering('m1'), false)
  assert.deepEqual(changes, ['m1 true', 'm1 false'])
})

test('MachineProber counts how long a machine has been silent', async () => {
  const { state, clock, prober } = setUp()
  await clock.advance(250)
  assert.equal(prober.silentMs('m1'), 0)
  state.network = false
  await clock.advance(10_500)
  assert.equal(prober.silentMs('m1'), 10_000)
  state.network = true
  await clock.advance(250)
  assert.equal(prober.silentMs('m1'), 0)
})

test('MachineProber takes a dead containerd for what it is at once, and sees it come back', async () => {
  const { state, changes, clock } = setUp()
  await clock.advance(0)
  state.runtime = false
  await clock.advance(250)
  state.runtime = true
  await clock.advance(250)
  assert.deepEqual(changes, ['m1 true', 'm1 false', 'm1 true'])
})

test('MachineProber forgets a machine: no more probes, no answer', async () => {
  const { state, clock, prober } = setUp()
  await clock.advance(0)
  prober.forget('m1')
  const { probes } = state
  await clock.advance(2_000)
  assert.equal(state.probes, probes)
  assert.equal(prober.isAnswering('m1'), false)
  assert.equal(clock.pending, 0)
})

test('MachineProber keeps what it knows of a machine that is watched again', async () => {
  const { changes, clock, prober } = setUp()
  await clock.advance(0)
  prober.watch({ name: 'm1', address: '10.64.0.11', isRuntimeAlive: () => true })
  assert.equal(prober.isAnswering('m1'), true)
  await clock.advance(500)
  assert.deepEqual(changes, ['m1 true'])
})
