import assert from 'node:assert/strict'
import { test } from 'node:test'
import { StatusError } from '#base/errors.ts'
import type { Pod, ReplicationController } from '#kinds/k8s/core.ts'
import { pods, replicationControllers } from '#kinds/refs.ts'
import { controllerBench } from './controller-bench.ts'
import { createReplicationController } from './replication-controller.ts'

const controller = (replicas: number): ReplicationController => ({
  apiVersion: 'v1',
  kind: 'ReplicationController',
  metadata: { name: 'web', namespace: 'default' },
  spec: {
    replicas,
    selector: { app: 'web' },
    template: {
      metadata: { labels: { app: 'web' } },
      spec: { containers: [{ name: 'main', image: 'x' }] },
    },
  },
})

const place = { namespace: 'default', name: 'web' }

test('a replication controller creates the pods that lack, and counts them', async () => {
  const bench = controllerBench(createReplicationController)
  bench.api.put(replicationControllers, controller(2))
  await bench.settle()
  const made = bench.api.list(pods)
  assert.equal(made.length, 2)
  assert.equal(made[0]?.metadata.ownerReferences?.[0]?.kind, 'ReplicationController')
  assert.deepEqual(bench.api.get(replicationControllers, place)?.status, {
    replicas: 2,
    fullyLabeledReplicas: 2,
    observedGeneration: 1,
  })
  await bench.stop()
})

test('a replication controller adopts pods that match, and releases those that stop', async () => {
  const bench = controllerBench(createReplicationController)
  const stray: Pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'stray', namespace: 'default', labels: { app: 'web' } },
    spec: { containers: [{ name: 'main', image: 'x' }] },
  }
  bench.api.put(pods, stray)
  bench.api.put(replicationControllers, controller(1))
  await bench.settle()
  const adopted = bench.api.get(pods, { namespace: 'default', name: 'stray' })!
  assert.equal(adopted.metadata.ownerReferences?.[0]?.name, 'web')
  assert.equal(bench.api.list(pods).length, 1)
  bench.api.put(pods, { ...adopted, metadata: { ...adopted.metadata, labels: { app: 'other' } } })
  await bench.settle()
  const released = bench.api.get(pods, { namespace: 'default', name: 'stray' })!
  assert.deepEqual(released.metadata.ownerReferences, [])
  assert.equal(bench.api.list(pods).length, 2)
  await bench.stop()
})

test('a replication controller says that a quota is full, until it wants less', async () => {
  const bench = controllerBench(createReplicationController)
  await bench.settle()
  const error = new StatusError('Forbidden', 'exceeded quota: small')
  bench.api.fail({ method: 'POST', path: /\/pods$/, error, times: 1_000 })
  bench.api.put(replicationControllers, controller(1))
  await bench.settle()
  const full = bench.api.get(replicationControllers, place)!
  assert.deepEqual(
    full.status?.conditions?.map(({ type, status, reason }) => [type, status, reason]),
    [['ReplicaFailure', 'True', 'FailedCreate']],
  )
  bench.api.put(replicationControllers, { ...full, spec: { ...full.spec, replicas: 0 } })
  await bench.settle()
  assert.equal(bench.api.get(replicationControllers, place)?.status?.conditions, undefined)
  await bench.stop()
})
