import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ContainerServiceStatus } from '#kinds/ccs/container-service.ts'
import { statusEvents } from './service-events.ts'

const status = (
  phase: ContainerServiceStatus['phase'],
  reason: string,
): ContainerServiceStatus => ({
  phase,
  conditions: [
    {
      type: 'Ready',
      status: 'False',
      reason,
      message: 'why',
      lastTransitionTime: '2026-01-01T00:00:00Z',
    },
  ],
})

test('statusEvents tells of what is wrong, of another reason, and of the end of it, but of no update', () => {
  const ready = status('Ready', 'AllReady')
  const updating = status('Updating', 'Updating')
  const degraded = status('Degraded', 'NotReady')
  const failed = status('Failed', 'ImageNotFound')
  const types = (before: ContainerServiceStatus | undefined, after: ContainerServiceStatus) =>
    statusEvents(before, after).map(({ type, reason }) => `${type} ${reason}`)
  assert.deepEqual(types(undefined, updating), [])
  assert.deepEqual(types(updating, ready), [])
  assert.deepEqual(types(undefined, failed), ['Warning ImageNotFound'])
  assert.deepEqual(types(failed, failed), [])
  assert.deepEqual(types(failed, status('Failed', 'Refused')), ['Warning Refused'])
  assert.deepEqual(types(ready, degraded), ['Warning NotReady'])
  assert.deepEqual(types(degraded, ready), ['Normal AllReady'])
})
