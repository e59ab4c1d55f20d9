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

const REQUIRED = 'requiredDuringSchedulingIgnoredDuringExecution'
const zone = (value: string) => ({ key: 'zone', operator: 'In' as const, values: [value] })
const near = (...terms: ReturnType<typeof zone>[][]) => ({
  nodeAffinity: {
    [REQUIRED]: { nodeSelectorTerms: terms.map((matchExpressions) => ({ matchExpressions })) },
  },
})

test('a pod that gates hold back may be sent to fewer nodes, not to others', () => {
  const placed: PodSpec = { ...old, nodeSelector: { a: '1' }, affinity: near([zone('b')]) }
  const messagesOf = (change: Partial<PodSpec>, before = placed): string[] =>
    validatePodUpdate({ ...before, ...change }, before).map(
      ({ field, message }) => `${field}: ${message.replace(/^.*: /, '')}`,
    )
  assert.deepEqual(
    messagesOf({ nodeSelector: { a: '1', b: '2' }, affinity: near([zone('b'), zone('c')]) }),
    [],
  )
  assert.deepEqual(messagesOf({ affinity: near([zone('b')]) }, old), [])
  const TERMS = `spec.affinity.nodeAffinity.${REQUIRED}.nodeSelectorTerms`
  assert.deepEqual(messagesOf({ nodeSelector: { a: '2' }, affinity: near([zone('c')]) }), [
    'spec.nodeSelector: only additions to spec.nodeSelector are allowed (no mutations or deletions)',
    `${TERMS}[0]: only additions are allowed (no mutations or deletions)`,
  ])
  assert.deepEqual(messagesOf({ affinity: undefined }), [
    `${TERMS}: no additions/deletions to non-empty NodeSelectorTerms list are allowed`,
  ])
  const free: PodSpec = { ...placed, schedulingGates: [] }
  assert.deepEqual(
    validatePodUpdate({ ...free, nodeSelector: { a: '1', b: '2' } }, free).map(
      ({ field }) => field,
    ),
    ['spec'],
  )
})
