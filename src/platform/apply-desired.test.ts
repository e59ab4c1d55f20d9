import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Service } from '#kinds/k8s/core.ts'
import { covers, overlay, planUpdate } from './apply-desired.ts'
import { annotations } from './names.ts'

test('covers lets the live object have more fields, but not more items', () => {
  assert.equal(covers({ a: 1, b: { c: 2, d: 3 } }, { b: { c: 2 } }), true)
  assert.equal(covers({ list: [{ a: 1, x: 0 }] }, { list: [{ a: 1 }] }), true)
  assert.equal(covers({ list: [{ a: 1 }, { a: 2 }] }, { list: [{ a: 1 }] }), false)
  assert.equal(covers({}, { a: undefined }), true)
  assert.equal(covers({ a: 1 }, { a: 2 }), false)
})

test('overlay keeps what is not wanted otherwise and takes lists whole', () => {
  assert.deepEqual(overlay({ a: 1, b: { c: 1, d: 2 }, l: [1, 2] }, { b: { c: 9 }, l: [3] }), {
    a: 1,
    b: { c: 9, d: 2 },
    l: [3],
  })
})

const service = (hash: string, spec: Partial<Service['spec']>): Service => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'web', annotations: { [annotations.desired]: hash } },
  spec: { ports: [{ port: 80 }], ...spec },
})

test('planUpdate has nothing to do when all that is wanted is there', () => {
  const live = service('h1', { clusterIP: '10.0.0.1', sessionAffinity: 'None' })
  assert.equal(planUpdate(live, service('h1', {})), undefined)
})

test('planUpdate takes away a field that is no longer wanted, and keeps the ClusterIP', () => {
  const live = service('h1', { clusterIP: '10.0.0.1', publishNotReadyAddresses: true })
  const update = planUpdate(live, service('h2', {}))
  assert.equal(update?.spec.publishNotReadyAddresses, undefined)
  assert.equal(update?.spec.clusterIP, '10.0.0.1')
})

test('planUpdate puts back what someone changed by hand', () => {
  const live = service('h1', { ports: [{ port: 81 }], clusterIP: '10.0.0.1' })
  assert.deepEqual(planUpdate(live, service('h1', {}))?.spec.ports, [{ port: 80 }])
})
