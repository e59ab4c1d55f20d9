import assert from 'node:assert/strict'
import { test } from 'node:test'
import { specChanges, summarize } from './spec-changes.ts'

test('specChanges tells env, ports and leaves apart, and nothing where nothing differs', () => {
  const before = {
    image: 'web:1',
    env: [
      { name: 'A', value: '1' },
      { name: 'B', value: '2' },
    ],
    ports: [{ port: 80 }],
    resources: { limits: { memory: '64Mi' } },
    args: [],
  }
  const after = {
    image: 'web:2',
    env: [
      { name: 'B', value: '3' },
      { name: 'C', value: '' },
    ],
    ports: [{ port: 80, protocol: 'TCP' as const, targetPort: 8080 }],
    resources: { limits: { memory: '128Mi' } },
  }
  assert.deepEqual(specChanges(before, before), [])
  assert.deepEqual(specChanges(before, after), [
    { field: 'image', from: 'web:1', to: 'web:2' },
    { field: 'env A', from: '1', to: undefined },
    { field: 'env B', from: '2', to: '3' },
    { field: 'env C', from: undefined, to: '' },
    { field: 'port 80/TCP', from: 'to 80 of the container', to: 'to 8080 of the container' },
    { field: 'resources.limits.memory', from: '64Mi', to: '128Mi' },
  ])
  assert.deepEqual(specChanges(before, after).map(summarize), [
    'image web:1 -> web:2',
    'env A removed',
    'env B changed',
    'env C added',
    'port 80/TCP changed',
    'resources.limits.memory 64Mi -> 128Mi',
  ])
})
