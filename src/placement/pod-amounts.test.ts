import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Pod } from '#kinds/k8s/core.ts'
import { requestedBy, weightOf } from './pod-amounts.ts'

const pod = (spec: Pod['spec']): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'p' },
  spec,
})

test('requestedBy reserves nothing for a pod that asks for nothing, yet weightOf weighs it', () => {
  const silent = pod({ containers: [{ name: 'a' }, { name: 'b' }] })
  assert.equal(requestedBy(silent).size, 0)
  assert.deepEqual(
    [...weightOf(silent)],
    [
      ['cpu', 200],
      ['memory', 400 * 1024 * 1024],
    ],
  )
})

test('weightOf takes what a pod asks for, even if it is nothing', () => {
  const asking = pod({
    containers: [{ name: 'a', resources: { requests: { cpu: '0', memory: 5 } } }],
  })
  assert.deepEqual(
    [...weightOf(asking)],
    [
      ['cpu', 0],
      ['memory', 5],
    ],
  )
})
