import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { LimitRangeItem } from './k8s/core.ts'
import { limitRangeKind } from './limit-range.ts'

function prepared(...limits: LimitRangeItem[]) {
  const range = {
    apiVersion: 'v1',
    kind: 'LimitRange',
    metadata: { name: 'l', namespace: 'n' },
    spec: { limits },
  }
  limitRangeKind.defaults(range)
  return range
}

const messagesOf = (...limits: LimitRangeItem[]) =>
  limitRangeKind
    .validate(prepared(...limits), undefined)
    .map(({ field, message }) => `${field}: ${message}`)

test('what a limit range leaves out of a container follows from its bounds', () => {
  const { spec } = prepared({
    type: 'Container',
    max: { cpu: '1000m', memory: '1Gi' },
    min: { cpu: '0.1', 'ephemeral-storage': '1Gi' },
    default: { cpu: '500m' },
  })
  assert.deepEqual(spec.limits[0]?.default, { cpu: '500m', memory: '1Gi' })
  assert.deepEqual(spec.limits[0]?.defaultRequest, {
    cpu: '500m',
    memory: '1Gi',
    'ephemeral-storage': '1Gi',
  })
  assert.deepEqual(spec.limits[0]?.max, { cpu: '1', memory: '1Gi' })
})

test('a limit range of pods has no defaults', () => {
  assert.equal(prepared({ type: 'Pod', max: { cpu: '1' } }).spec.limits[0]?.default, undefined)
  assert.deepEqual(messagesOf({ type: 'Pod', default: { cpu: '1' } }), [
    "spec.limits[0].default: Forbidden: may not be specified when `type` is 'Pod'",
  ])
})

test('bounds of a limit range that contradict each other are refused', () => {
  assert.deepEqual(
    messagesOf({ type: 'Container', min: { cpu: '2' }, max: { cpu: '1' }, default: { cpu: '3' } }),
    [
      'spec.limits[0].min[cpu]: Invalid value: "2": min value 2 is greater than max value 1',
      'spec.limits[0].defaultRequest[cpu]: Invalid value: "3": default request value 3 is greater than max value 1',
      'spec.limits[0].default[cpu]: Invalid value: "1": default value 3 is greater than max value 1',
    ],
  )
  assert.deepEqual(
    messagesOf({
      type: 'Pod',
      min: { cpu: '500m' },
      max: { cpu: '1' },
      maxLimitRequestRatio: { cpu: '3', memory: '500m' },
    }),
    [
      'spec.limits[0].maxLimitRequestRatio[cpu]: Invalid value: "3": ratio 3 is greater than max/min = 2.000000',
      'spec.limits[0].maxLimitRequestRatio[memory]: Invalid value: "500m": ratio 500m is less than 1',
    ],
  )
  assert.deepEqual(
    messagesOf({
      type: 'Container',
      default: { 'example.com/gpu': '2' },
      defaultRequest: { 'example.com/gpu': '1' },
    }),
    [
      'spec.limits[0].defaultRequest[example.com/gpu]: Invalid value: "1": default value 2 must equal to defaultRequest value 1 in example.com/gpu',
    ],
  )
})

test('a limit range names each type once, and only resources of that type', () => {
  assert.deepEqual(messagesOf({ type: 'Container' }, { type: 'Container' }), [
    'spec.limits[1].type: Duplicate value: "Container"',
  ])
  assert.deepEqual(messagesOf({ type: 'Box', max: { bananas: '1' } }), [
    'spec.limits[0].type: Invalid value: "Box": must be a standard limit type or fully qualified',
    'spec.limits[0].max[bananas]: Invalid value: "bananas": must be a standard resource type or fully qualified',
  ])
  assert.deepEqual(messagesOf({ type: 'Container', max: { storage: '1Gi' } }).slice(0, 1), [
    'spec.limits[0].max[storage]: Invalid value: "storage": must be a standard resource for containers',
  ])
  assert.deepEqual(messagesOf({ type: 'PersistentVolumeClaim', max: { storage: '1Gi' } }), [])
  assert.deepEqual(messagesOf({ type: 'PersistentVolumeClaim' }), [
    'spec.limits[0].limits: Required value: either minimum or maximum storage value is required, but neither was provided',
  ])
})
