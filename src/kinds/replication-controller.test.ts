import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ReplicationController } from './k8s/core.ts'
import { replicationControllerKind } from './replication-controller.ts'

function prepared(spec: Partial<ReplicationController['spec']>): ReplicationController {
  const controller = {
    apiVersion: 'v1',
    kind: 'ReplicationController',
    metadata: { name: 'r', namespace: 'n' },
    spec: {
      template: {
        metadata: { labels: { app: 'r' } },
        spec: { containers: [{ name: 'main', image: 'busybox' }] },
      },
      ...spec,
    },
  }
  replicationControllerKind.defaults(controller)
  return controller
}

const messagesOf = (spec: Partial<ReplicationController['spec']>) =>
  replicationControllerKind
    .validate(prepared(spec), undefined)
    .map(({ field, message }) => `${field}: ${message}`)

test('a replication controller without selector takes the labels of its template', () => {
  const controller = prepared({})
  assert.deepEqual(controller.spec.selector, { app: 'r' })
  assert.deepEqual(controller.metadata.labels, { app: 'r' })
  assert.equal(controller.spec.replicas, 1)
})

test('a replication controller selects the pods of its template', () => {
  assert.deepEqual(messagesOf({ selector: { app: 'other' }, replicas: -1 }), [
    'spec.replicas: Invalid value: -1: must be greater than or equal to 0',
    'spec.template.metadata.labels: Invalid value: {"app":"r"}: `selector` does not match template `labels`',
  ])
  assert.deepEqual(messagesOf({ template: undefined }), [
    'spec.selector: Required value',
    'spec.template: Required value',
  ])
})
