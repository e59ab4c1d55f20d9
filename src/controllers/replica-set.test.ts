import assert from 'node:assert/strict'
import { test } from 'node:test'
import { StatusError } from '#base/errors.ts'
import type { ReplicaSet } from '#kinds/k8s/apps.ts'
import type { Pod } from '#kinds/k8s/core.ts'
import { events, pods, replicaSets } from '#kinds/refs.ts'
import { createReplicaSetController } from './replica-set.ts'
import { controllerBench } from './controller-bench.ts'

const replicaSet = (replicas: number): ReplicaSet => ({
  apiVersion: 'apps/v1',
  kind: 'ReplicaSet',
  metadata: { name: 'web', namespace: 'default' },
  spec: {
    replicas,
    selector: { matchLabels: { app: 'web' } },
    template: {
      metadata: { labels: { app: 'web' } },
      spec: { containers: [{ name: 'main', image: 'x' }] },
    },
  },
})

const place = { namespace: 'default', name: 'web' }

function makeReady(pod: Pod, since: string): Pod {
  const condition = { type: 'Ready', status: 'True', lastTransitionTime: since }
  return { ...pod, status: { phase: 'Running', conditions: [condition] } }
}

test('ReplicaSet controller creates the pods that lack, owned and labelled, and tells so', async () => {
  const bench = controllerBench(createReplicaSetController)
  bench.api.put(replicaSets, replicaSet(3))
  await bench.settle()
  const made = bench.api.list(pods, 'default')
  assert.equal(made.length, 3)
  assert.match(made[0]!.metadata.name, /^web-[a-z0-9]{5}$/)
  assert.equal(made[0]!.metadata.labels?.['app'], 'web')
  assert.equal(made[0]!.metadata.ownerReferences?.[0]?.kind, 'ReplicaSet')
  const status = bench.api.get(replicaSets, place)!.status
  assert.deepEqual(status, {
    replicas: 3,
    fullyLabeledReplicas: 3,
    terminatingReplicas: 0,
    observedGeneration: 1,
  })
  const said = bench.api.list(events).map(({ reason, message }) => `${reason}: ${message}`)
  assert.equal(
    said.filter((text) => text.startsWith('SuccessfulCreate: Created pod: web-')).length,
    3,
  )
  await bench.stop()
})

test('ReplicaSet controller creates no pod twice while its informer lags', async () => {
  const bench = controllerBench(createReplicaSetController)
  await bench.settle()
  bench.api.put(replicaSets, replicaSet(2))
  await bench.settle()
  bench.api.breakWatches()
  bench.api.fail({ method: 'GET', path: /pods$/, error: new Error('away'), times: 6 })
  // The set is looked at again and again while its pods' watch is away.
  for (let i = 0; i < 5; i++) {
    bench.api.put(replicaSets, {
      ...bench.api.get(replicaSets, place)!,
      spec: replicaSet(3 + i).spec,
    })
    await bench.clock.advance(500)
  }
  await bench.clock.advance(60_000)
  assert.equal(bench.api.list(pods).length, 7)
  const creates = bench.api.requests.filter(
    ({ method, path }) => method === 'POST' && path.endsWith('/pods'),
  )
  assert.equal(creates.length, 7)
  await bench.stop()
})

test('ReplicaSet controller deletes the pods that cost least: not ready before ready', async () => {
  const bench = controllerBench(createReplicaSetController)
  bench.api.put(replicaSets, replicaSet(3))
  await bench.settle()
  const [first, second, third] = bench.api.list(pods)
  for (const pod of [first!, third!]) bench.api.put(pods, makeReady(pod, '2026-01-01T00:00:00Z'))
  bench.api.put(replicaSets, { ...bench.api.get(replicaSets, place)!, spec: replicaSet(2).spec })
  await bench.settle()
  const left = bench.api.list(pods).map(({ metadata }) => metadata.name)
  assert.deepEqual(left, [first!.metadata.name, third!.metadata.name])
  assert.equal(left.includes(second!.metadata.name), false)
  await bench.stop()
})

test('ReplicaSet controller replaces a pod that is deleted and counts it as terminating', async () => {
  const bench = controllerBench(createReplicaSetController)
  bench.api.put(replicaSets, replicaSet(1))
  await bench.settle()
  const [pod] = bench.api.list(pods)
  bench.api.put(pods, {
    ...pod!,
    metadata: { ...pod!.metadata, deletionTimestamp: '2026-01-01T00:00:30Z' },
  })
  await bench.settle()
  assert.equal(bench.api.list(pods).length, 2)
  assert.equal(bench.api.get(replicaSets, place)!.status?.terminatingReplicas, 1)
  assert.equal(bench.api.get(replicaSets, place)!.status?.replicas, 1)
  await bench.stop()
})

test('ReplicaSet controller adopts matching pods without an owner and releases those that stop matching', async () => {
  const bench = controllerBench(createReplicaSetController)
  const stray: Pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'stray', namespace: 'default', labels: { app: 'web' } },
    spec: { containers: [{ name: 'main', image: 'x' }] },
  }
  bench.api.put(pods, stray)
  bench.api.put(replicaSets, replicaSet(1))
  await bench.settle()
  assert.equal(bench.api.list(pods).length, 1)
  const adopted = bench.api.get(pods, { namespace: 'default', name: 'stray' })!
  assert.equal(adopted.metadata.ownerReferences?.[0]?.name, 'web')
  bench.api.put(pods, { ...adopted, metadata: { ...adopted.metadata, labels: { app: 'other' } } })
  await bench.settle()
  const released = bench.api.get(pods, { namespace: 'default', name: 'stray' })!
  assert.deepEqual(released.metadata.ownerReferences, [])
  assert.equal(bench.api.list(pods).length, 2)
  await bench.stop()
})

test('ReplicaSet controller says in its status why pods could not be created, and goes on later', async () => {
  const bench = controllerBench(createReplicaSetController)
  await bench.settle()
  const error = new StatusError('Forbidden', 'exceeded quota: small')
  bench.api.fail({ method: 'POST', path: /\/pods$/, error, times: 2 })
  bench.api.put(replicaSets, replicaSet(4))
  await bench.settle()
  const condition = bench.api.get(replicaSets, place)!.status?.conditions?.[0]
  assert.equal(condition?.type, 'ReplicaFailure')
  assert.equal(condition?.reason, 'FailedCreate')
  assert.equal(condition?.message, 'exceeded quota: small')
  assert.equal(bench.api.list(pods).length, 0)
  await bench.clock.advance(1000)
  assert.equal(bench.api.list(pods).length, 4)
  assert.equal(bench.api.get(replicaSets, place)!.status?.conditions, undefined)
  await bench.stop()
})

test('ReplicaSet controller backs off while pods are refused, each time for another reason', async () => {
  const bench = controllerBench(createReplicaSetController)
  await bench.settle()
  for (let i = 0; i < 1_000; i++) {
    const error = new StatusError('Forbidden', `pod "web-${i}" is forbidden`)
    bench.api.fail({ method: 'POST', path: /\/pods$/, error })
  }
  bench.api.put(replicaSets, replicaSet(1))
  await bench.clock.advance(10_000)
  const tries = bench.api.requests.filter(
    ({ path, method }) => method === 'POST' && path.endsWith('pods'),
  )
  assert.ok(tries.length < 15, `${tries.length} tries in 10 s`)
  await bench.stop()
})

test('ReplicaSet controller counts a pod as available after minReadySeconds', async () => {
  const bench = controllerBench(createReplicaSetController)
  const set = replicaSet(1)
  bench.api.put(replicaSets, { ...set, spec: { ...set.spec, minReadySeconds: 10 } })
  await bench.settle()
  const [pod] = bench.api.list(pods)
  bench.api.put(pods, makeReady(pod!, '2026-01-01T00:00:00Z'))
  await bench.settle()
  assert.equal(bench.api.get(replicaSets, place)!.status?.readyReplicas, 1)
  assert.equal(bench.api.get(replicaSets, place)!.status?.availableReplicas, undefined)
  await bench.clock.advance(11_000)
  assert.equal(bench.api.get(replicaSets, place)!.status?.availableReplicas, 1)
  await bench.stop()
})
