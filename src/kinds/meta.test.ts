import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Condition } from './k8s/meta.ts'
import {
  addFinalizer,
  controllerOf,
  controllerReference,
  isControlledBy,
  microTimestampOf,
  removeFinalizer,
  timestampOf,
  withCondition,
} from './meta.ts'
import { deployments } from './refs.ts'

const T0 = Date.UTC(2026, 0, 1)

test('withCondition keeps the time of transition while the status is the same', () => {
  const ready = { type: 'Ready', status: 'False', reason: 'Waiting', message: '' }
  const first = withCondition<Condition>(undefined, ready, T0)
  assert.deepEqual(first, [{ ...ready, lastTransitionTime: '2026-01-01T00:00:00Z' }])
  const second = withCondition<Condition>(first, { ...ready, message: 'still' }, T0 + 5_000)
  assert.equal(second[0]!.lastTransitionTime, '2026-01-01T00:00:00Z')
  assert.equal(second[0]!.message, 'still')
  const third = withCondition<Condition>(second, { ...ready, status: 'True' }, T0 + 5_000)
  assert.equal(third[0]!.lastTransitionTime, '2026-01-01T00:00:05Z')
  assert.equal(first[0]!.message, '')
})

test('withCondition returns the same list when nothing is new, and leaves others alone', () => {
  const other = { type: 'Other', status: 'True', reason: 'R', message: '', lastTransitionTime: '' }
  const ready = { type: 'Ready', status: 'True', reason: 'R', message: '' }
  const list = withCondition<Condition>([other], ready, T0)
  assert.equal(list[0], other)
  assert.equal(withCondition<Condition>(list, ready, T0 + 1_000), list)
})

test('controllerReference makes an owner that controllerOf finds', () => {
  const owner = { metadata: { name: 'd', uid: 'u' } }
  const reference = controllerReference(owner, deployments)
  const owned = {
    metadata: {
      name: 'r',
      ownerReferences: [{ apiVersion: 'v1', kind: 'X', name: 'x', uid: 'x' }, reference],
    },
  }
  assert.deepEqual(controllerOf(owned), {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    name: 'd',
    uid: 'u',
    controller: true,
    blockOwnerDeletion: true,
  })
  assert.equal(isControlledBy(owned, owner), true)
  assert.equal(isControlledBy(owned, { metadata: { name: 'd', uid: 'other' } }), false)
  assert.throws(() => controllerReference({ metadata: { name: 'd' } }, deployments), TypeError)
})

test('addFinalizer and removeFinalizer tell whether they changed anything', () => {
  const object = { metadata: { name: 'a', finalizers: ['x'] } }
  assert.equal(addFinalizer(object, 'y'), true)
  assert.equal(addFinalizer(object, 'y'), false)
  assert.equal(removeFinalizer(object, 'x'), true)
  assert.equal(removeFinalizer(object, 'x'), false)
  assert.deepEqual(object.metadata.finalizers, ['y'])
})

test('timestampOf has seconds, microTimestampOf microseconds', () => {
  assert.equal(timestampOf(T0 + 1_234), '2026-01-01T00:00:01Z')
  assert.equal(microTimestampOf(T0 + 1_234), '2026-01-01T00:00:01.234000Z')
})
