import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Service } from '#kinds/k8s/core.ts'
import { covers, differences, overlay, planUpdate } from './apply-desired.ts'
import { annotations } from './names.ts'

test('covers lets the live object have more fields, but not more items', () => {
  assert.equal(covers({ a: 1, b: { c: 2, d: 3 } }, { b: { c: 2 } }), true)
  assert.equal(covers({ list: [{ a: 1, x: 0 }] }, { list: [{ a: 1 }] }), true)
  assert.equal(covers({ list: [{ a: 1 }, { a: 2 }] }, { list: [{ a: 1 }] }), false)
  assert.equal(covers({ a: 1 }, { a: 2 }), false)
})

test('covers takes a field named as undefined for one that must not be there', () => {
  assert.equal(covers({ a: 1 }, { a: undefined }), false)
  assert.equal(covers({ a: {} }, { a: undefined }), true, 'nor has Kubernetes an empty one')
  assert.equal(covers({}, { a: undefined }), true)
})

test('covers knows what Kubernetes leaves out when it writes an object', () => {
  assert.equal(covers({}, { a: '', b: 0, c: false, d: [], e: { f: '' } }), true)
  assert.equal(covers({}, { a: 'x' }), false)
})

test('differences names the fields, also those of resources that are too many', () => {
  assert.deepEqual(
    differences(
      { spec: { replicas: 3, l: [{ a: 1 }] }, resources: { limits: { cpu: '1', memory: '1Gi' } } },
      { spec: { replicas: 2, l: [{ a: 2 }] }, resources: { limits: { cpu: '1' } } },
      'x',
    ),
    ['x.spec.replicas', 'x.spec.l[0].a', 'x.resources.limits.memory'],
  )
})

test('overlay keeps what is not wanted otherwise and takes lists whole', () => {
  assert.deepEqual(
    overlay({ a: 1, b: { c: 1, d: 2 }, l: [1, 2], x: 1 }, { b: { c: 9 }, l: [3], x: undefined }),
    { a: 1, b: { c: 9, d: 2 }, l: [3] },
  )
})

test('overlay keeps in a container what others set, and no container of others', () => {
  const live = {
    containers: [{ name: 'web', image: 'a', securityContext: { x: 1 } }, { name: 'y' }],
  }
  const wanted = { containers: [{ name: 'web', image: 'b', args: undefined }] }
  assert.deepEqual(overlay(live, wanted), {
    containers: [{ name: 'web', image: 'b', securityContext: { x: 1 } }],
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

test('planUpdate takes away a field that is no longer wanted, and keeps what others set', () => {
  const live = service('h1', { clusterIP: '10.0.0.1', publishNotReadyAddresses: true })
  const update = planUpdate(live, service('h2', { publishNotReadyAddresses: undefined }))
  assert.equal(update?.object.spec.publishNotReadyAddresses, undefined)
  assert.equal(update?.object.spec.clusterIP, '10.0.0.1')
  assert.deepEqual(update?.reverted, [])
})

test('planUpdate puts back what someone changed by hand, and says what', () => {
  const live = service('h1', { ports: [{ port: 81 }], clusterIP: '10.0.0.1' })
  const update = planUpdate(live, service('h1', {}))
  assert.deepEqual(update?.object.spec.ports, [{ port: 80 }])
  assert.deepEqual(update?.reverted, ['spec.ports[0].port'])
})
