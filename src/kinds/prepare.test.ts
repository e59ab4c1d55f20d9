import assert from 'node:assert/strict'
import { test } from 'node:test'
import { deploymentKind, type Deployment } from './deployment.ts'
import { namespaceKind, type Namespace } from './namespace.ts'
import { nodeKind, type Node } from './node.ts'
import { podKind, type Pod } from './pod.ts'

const deployment = (more: Partial<Deployment>): Deployment => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'd', labels: { a: 'b' } },
  spec: { replicas: 1, selector: {}, template: {} },
  ...more,
})

test('a create drops the status the client sent', () => {
  const created = deployment({ status: { replicas: 7 } })
  deploymentKind.prepare!(created, undefined, undefined)
  assert.deepEqual(created.status, {})
})

test('a write of the object keeps its status', () => {
  const old = deployment({ status: { replicas: 2 } })
  const next = deployment({ spec: { ...old.spec, replicas: 5 }, status: { replicas: 7 } })
  deploymentKind.prepare!(next, old, undefined)
  assert.deepEqual(next.status, { replicas: 2 })
  assert.equal(next.spec.replicas, 5)
  assert.notEqual(next.status, old.status)
})

test('a write of the status keeps spec and labels', () => {
  const old = deployment({ status: { replicas: 2 } })
  const next = deployment({
    metadata: { name: 'd', labels: { x: 'y' } },
    spec: { ...old.spec, replicas: 5 },
    status: { replicas: 3 },
  })
  deploymentKind.prepare!(next, old, 'status')
  assert.deepEqual(next.spec, old.spec)
  assert.deepEqual(next.metadata.labels, { a: 'b' })
  assert.deepEqual(next.status, { replicas: 3 })
})

test('a status write of a pod keeps its owners and class', () => {
  const old: Pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'p' },
    spec: { containers: [] },
    status: { phase: 'Pending', qosClass: 'Burstable' },
  }
  const next = structuredClone(old)
  next.metadata.ownerReferences = [{ apiVersion: 'v1', kind: 'X', name: 'x', uid: 'x' }]
  next.status = { phase: 'Running', qosClass: 'Guaranteed' }
  podKind.prepare!(next, old, 'status')
  assert.deepEqual(next, { ...old, status: { phase: 'Running', qosClass: 'Burstable' } })
})

test('a namespace gets its finalizer, and only finalize takes it away', () => {
  const created: Namespace = {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: 'n' },
    spec: {},
  }
  namespaceKind.defaults(created)
  namespaceKind.prepare!(created, undefined, undefined)
  assert.deepEqual(created.spec.finalizers, ['kubernetes'])
  const emptied = structuredClone(created)
  emptied.spec.finalizers = []
  emptied.status = { phase: 'Terminating' }
  const updated = structuredClone(emptied)
  namespaceKind.prepare!(updated, created, undefined)
  assert.deepEqual(updated.spec.finalizers, ['kubernetes'])
  namespaceKind.prepare!(emptied, created, 'finalize')
  assert.deepEqual(emptied.spec.finalizers, [])
  assert.deepEqual(emptied.status, { phase: 'Active' })
})

test('a node may be created with a status and keeps its pod range', () => {
  const created: Node = {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name: 'n' },
    spec: { podCIDR: '10.64.1.0/24' },
    status: { capacity: { cpu: '2000m' } },
  }
  nodeKind.defaults(created)
  nodeKind.prepare!(created, undefined, undefined)
  assert.deepEqual(created.status, { capacity: { cpu: '2' } })
  assert.deepEqual(created.spec.podCIDRs, ['10.64.1.0/24'])
  const next = structuredClone({ ...created, spec: { unschedulable: true } })
  nodeKind.prepare!(next, created, undefined)
  assert.deepEqual(nodeKind.validate(next, created), [])
  assert.deepEqual(next.spec, {
    unschedulable: true,
    podCIDR: '10.64.1.0/24',
    podCIDRs: ['10.64.1.0/24'],
  })
})
