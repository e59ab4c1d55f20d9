import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sizeMachine } from './machine-size.ts'

const disk = { sizeBytes: 100_000 }

test('sizeMachine offers to pods the type less the reserve, and limits them to that', () => {
  const type = { cpu: '2', memory: '4Gi', reserved: { cpu: '500m', memory: '1Gi' }, podsMax: 20 }
  const size = sizeMachine(type, disk)
  assert.deepEqual(size.capacity, {
    cpu: '2',
    memory: '4Gi',
    pods: '20',
    'ephemeral-storage': '100000',
  })
  assert.equal(size.allocatable.cpu, '1500m')
  assert.equal(size.allocatable.memory, '3Gi')
  assert.deepEqual(size.pods, { cpuMillis: 1500, memoryBytes: 3 * 2 ** 30 })
  assert.equal(size.machine.memoryBytes, 4 * 2 ** 30)
})

test('sizeMachine keeps something for the machine when the type says nothing', () => {
  const size = sizeMachine({ cpu: '1', memory: '1Gi', reserved: { cpu: '200m' } }, disk)
  assert.equal(size.allocatable.cpu, '800m')
  assert.equal(size.allocatable.memory, '768Mi')
  assert.equal(size.allocatable.pods, '110')
})

test('sizeMachine refuses a type that leaves nothing for pods', () => {
  assert.throws(() => sizeMachine({ cpu: '1', memory: '256Mi' }, disk), /leaves nothing for pods/)
})
