import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { PodSpec } from '../k8s/core.ts'
import { validatePodUpdate } from './pod-update.ts'

const toleration = { key: 'a', operator: 'Exists', effect: 'NoExecute' } as const
const old: PodSpec = {
  containers: [{ name: 'c', image: 'x:1' }],
  initContainers: [{ name: 'i', image: 'y:1' }],
  tolerations: [{ ...toleration, tolerationSeconds: 300 }],
  activeDeadlineSeconds: 100,
  schedulingGates: [{ name: 'example.com/gate' }],
}

const fieldsOf = (change: Partial<PodSpec>): string[] =>
  validatePodUpdate({ ...old, ...change }, old).map(({ field }) => field)

test('images, a nearer deadline, more tolerations and lifted gates are accepted', () => {
  assert.deepEqual(
    fieldsOf({
      containers: [{ name: 'c', image: 'x:2' }],
      initContainers: [{ name: 'i', image: 'y:2' }],
      tolerations: [
        { ...toleration, tolerationSeconds: 10 },
        { key: 'b', operator: 'Exists' },
      ],
      activeDeadlineSeconds: 50,
      schedulingGates: [],
    }),
    [],
  )
})

test('everything else is refused', () => {
  assert.deepEqual(fieldsOf({ containers: [{ name: 'c', image: '' }] }), [
    'spec.containers[0].image',
  ])
  assert.deepEqual(fieldsOf({ containers: [] }), ['spec.containers'])
  assert.deepEqual(fieldsOf({ activeDeadlineSeconds: 200 }), ['spec.activeDeadlineSeconds'])
  assert.deepEqual(fieldsOf({ activeDeadlineSeconds: undefined }), ['spec.activeDeadlineSeconds'])
  assert.deepEqual(fieldsOf({ tolerations: [] }), ['spec.tolerations'])
  assert.deepEqual(fieldsOf({ schedulingGates: [{ name: 'example.com/new' }] }), [
    'spec.schedulingGates',
  ])
  assert.deepEqual(fieldsOf({ nodeName: 'elsewhere' }), ['spec'])
  assert.deepEqual(fieldsOf({ containers: [{ name: 'c', image: 'x:2', tty: true }] }), ['spec'])
})
