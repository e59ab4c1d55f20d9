import assert from 'node:assert/strict'
import { test } from 'node:test'
import { rfc3339, rfc3339Micro } from '#base/clock.ts'
import { createClient } from '#client/create-client.ts'
import type { Node, Pod, Toleration } from '#kinds/k8s/core.ts'
import { conditionOf } from '#kinds/meta.ts'
import { isPodReady } from '#kinds/pod-status.ts'
import { leases, nodes, pods } from '#kinds/refs.ts'
import { combined } from './combined.ts'
import { type ControllerBench, controllerBench } from './controller-bench.ts'
import { createNodeLifecycleController } from './node-lifecycle.ts'
import { createPodGarbageController } from './pod-garbage.ts'
import { createTaintEvictionController } from './taint-eviction.ts'

const node = (name: string): Node => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name, uid: `uid-${name}` },
  spec: {},
  status: { conditions: [{ type: 'Ready', status: 'True', reason: 'KubeletReady' }] },
})

const pod = (name: string, nodeName: string, tolerations: Toleration[] = []): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: 'default' },
  spec: { nodeName, containers: [{ name: 'main', image: 'x' }], tolerations },
  status: { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] },
})

function renew({ api, clock }: ControllerBench, name: string): void {
  api.put(leases, {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: { name, namespace: 'kube-node-lease' },
    spec: { renewTime: rfc3339Micro(clock.now()) },
  })
}

function cluster(names: string[]) {
  const bench = controllerBench((context) =>
    combined([
      createNodeLifecycleController(context),
      createTaintEvictionController(context),
      createPodGarbageController(context),
    ]),
  )
  for (const name of names) bench.api.put(nodes, node(name))
  /** Time passes while only these nodes renew their leases. */
  const live = async (seconds: number, alive: string[]) => {
    for (let i = 0; i < seconds; i++) {
      for (const name of alive) renew(bench, name)
      await bench.clock.advance(1000)
      await bench.settle()
    }
  }
  const taintsOf = (name: string) =>
    (bench.api.get(nodes, { name })!.spec.taints ?? []).map(({ key, effect }) => `${key}:${effect}`)
  const readyOf = (name: string) =>
    conditionOf(bench.api.get(nodes, { name })!.status?.conditions, 'Ready')?.status
  const podAt = (name: string) => bench.api.get(pods, { namespace: 'default', name })
  return { bench, live, taintsOf, readyOf, podAt }
}

test('node lifecycle says Unknown, taints and marks pods not ready when a node is silent for its grace period', async () => {
  const { bench, live, taintsOf, readyOf, podAt } = cluster(['a', 'b'])
  bench.api.put(pods, pod('on-a', 'a'))
  bench.api.put(pods, pod('on-b', 'b', [{ operator: 'Exists' }]))
  await live(10, ['a', 'b'])
  assert.equal(readyOf('b'), 'True')
  await live(3, ['a'])
  assert.equal(readyOf('b'), 'True')
  await live(3, ['a'])
  assert.equal(readyOf('b'), 'Unknown')
  assert.deepEqual(taintsOf('b'), [
    'node.kubernetes.io/unreachable:NoSchedule',
    'node.kubernetes.io/unreachable:NoExecute',
  ])
  assert.equal(isPodReady(podAt('on-b')!), false)
  assert.equal(readyOf('a'), 'True')
  assert.equal(isPodReady(podAt('on-a')!), true)
  await bench.stop()
})

test('node lifecycle takes a clock that was set for no silence', async () => {
  const { bench, live, readyOf } = cluster(['a', 'b'])
  await live(10, ['a', 'b'])
  bench.clock.step(600_000)
  bench.api.put(nodes, { ...bench.api.get(nodes, { name: 'b' })!, spec: { unschedulable: true } })
  await bench.settle()
  assert.equal(readyOf('b'), 'True')
  await bench.stop()
})

test('node lifecycle leaves the pods of a node alone that registers anew', async () => {
  const { bench, live, podAt } = cluster(['a', 'b'])
  bench.api.put(pods, pod('on-b', 'b', [{ operator: 'Exists' }]))
  await live(10, ['a', 'b'])
  bench.api.remove(nodes, { name: 'b' })
  await bench.settle()
  bench.api.put(nodes, { ...node('b'), metadata: { name: 'b', uid: 'another' }, status: {} })
  await live(2, ['a', 'b'])
  assert.equal(isPodReady(podAt('on-b')!), true)
  await bench.stop()
})

test('node lifecycle notices silence although the clock was set back', async () => {
  const { bench, live, readyOf } = cluster(['a', 'b'])
  await live(10, ['a', 'b'])
  bench.clock.step(-600_000)
  await live(8, ['a'])
  assert.equal(readyOf('b'), 'Unknown')
  await bench.stop()
})

test('taint eviction keeps its delays when the clock is set back', async () => {
  const { bench, live, podAt } = cluster(['a', 'b'])
  const tolerations: Toleration[] = [
    { operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 20 },
  ]
  bench.api.put(pods, pod('on-b', 'b', tolerations))
  await live(10, ['a', 'b'])
  await live(8, ['a'])
  bench.clock.step(-3_600_000)
  await live(25, ['a'])
  assert.notEqual(podAt('on-b')!.metadata.deletionTimestamp, undefined)
  await bench.stop()
})

test('node lifecycle believes an agent that its machine is lost before the lease runs out', async () => {
  const { bench, live, taintsOf, podAt } = cluster(['a', 'b'])
  bench.api.put(pods, pod('on-b', 'b', [{ operator: 'Exists' }]))
  await live(6, ['a', 'b'])
  const conditions = [{ type: 'Ready', status: 'Unknown' }]
  bench.api.put(nodes, { ...bench.api.get(nodes, { name: 'b' })!, status: { conditions } })
  await bench.settle()
  assert.equal(taintsOf('b').length, 2)
  assert.equal(isPodReady(podAt('on-b')!), false)
  await bench.stop()
})

test('node lifecycle evicts nobody when every agent says that its machine is lost', async () => {
  const { bench, live, taintsOf } = cluster(['a', 'b'])
  await live(6, ['a', 'b'])
  const conditions = [{ type: 'Ready', status: 'Unknown' }]
  for (const name of ['a', 'b'])
    bench.api.put(nodes, { ...bench.api.get(nodes, { name })!, status: { conditions } })
  await live(2, [])
  assert.deepEqual(taintsOf('b'), ['node.kubernetes.io/unreachable:NoSchedule'])
  await bench.stop()
})

test('node lifecycle takes its taints away when the node is ready again, and leaves those of others', async () => {
  const { bench, live, taintsOf } = cluster(['a', 'b'])
  const tainted = bench.api.get(nodes, { name: 'b' })!
  bench.api.put(nodes, { ...tainted, spec: { taints: [{ key: 'gpu', effect: 'NoSchedule' }] } })
  await live(8, ['a'])
  assert.equal(taintsOf('b').length, 3)
  const silent = bench.api.get(nodes, { name: 'b' })!
  renew(bench, 'b')
  bench.api.put(nodes, { ...silent, status: node('b').status })
  await live(2, ['a', 'b'])
  assert.deepEqual(taintsOf('b'), ['gpu:NoSchedule'])
  await bench.stop()
})

test('node lifecycle judges nothing for one grace period after its start, however old the leases are', async () => {
  const { bench, live, readyOf } = cluster(['a', 'b'])
  for (const name of ['a', 'b']) renew(bench, name)
  bench.clock.step(3_600_000)
  await live(4, [])
  assert.equal(readyOf('b'), 'True')
  await live(3, ['a'])
  assert.equal(readyOf('b'), 'Unknown')
  await bench.stop()
})

test('node lifecycle puts evictions off for one grace period after its start', async () => {
  const { bench, live, taintsOf } = cluster(['a', 'b'])
  const conditions = [{ type: 'Ready', status: 'False' }]
  bench.api.put(nodes, { ...bench.api.get(nodes, { name: 'b' })!, status: { conditions } })
  await live(4, ['a', 'b'])
  assert.deepEqual(taintsOf('b'), ['node.kubernetes.io/not-ready:NoSchedule'])
  await live(2, ['a', 'b'])
  assert.equal(taintsOf('b').length, 2)
  await bench.stop()
})

test('node lifecycle evicts nobody when every node is silent', async () => {
  const { bench, live, taintsOf, readyOf, podAt } = cluster(['a', 'b'])
  bench.api.put(pods, pod('on-a', 'a'))
  await live(20, [])
  assert.equal(readyOf('a'), 'Unknown')
  assert.deepEqual(taintsOf('a'), ['node.kubernetes.io/unreachable:NoSchedule'])
  assert.equal(podAt('on-a')?.metadata.deletionTimestamp, undefined)
  await bench.stop()
})

test('taint eviction deletes a pod when its toleration has run out, and never one that tolerates for ever', async () => {
  const { bench, live, podAt } = cluster(['a', 'b'])
  const tolerate = (tolerationSeconds?: number): Toleration => ({
    key: 'node.kubernetes.io/unreachable',
    operator: 'Exists',
    effect: 'NoExecute',
    ...(tolerationSeconds === undefined ? {} : { tolerationSeconds }),
  })
  bench.api.put(pods, pod('none', 'b'))
  bench.api.put(pods, pod('ten', 'b', [tolerate(10)]))
  bench.api.put(pods, pod('ever', 'b', [tolerate()]))
  await live(7, ['a'])
  assert.notEqual(podAt('none')?.metadata.deletionTimestamp, undefined)
  assert.equal(podAt('ten')?.metadata.deletionTimestamp, undefined)
  await live(10, ['a'])
  const condition = conditionOf(podAt('ten')?.status?.conditions, 'DisruptionTarget')
  assert.equal(condition?.reason, 'DeletionByTaintManager')
  assert.notEqual(podAt('ten')?.metadata.deletionTimestamp, undefined)
  await live(30, ['a'])
  assert.equal(podAt('ever')?.metadata.deletionTimestamp, undefined)
  await bench.stop()
})

test('taint eviction gives all of a toleration, though a taint tells whole seconds only', async () => {
  const { bench, podAt } = cluster(['a', 'b'])
  const key = 'node.kubernetes.io/unreachable'
  const effect = 'NoExecute' as const
  bench.api.put(pods, pod('two', 'b', [{ key, operator: 'Exists', effect, tolerationSeconds: 2 }]))
  await bench.clock.advance(900)
  const timeAdded = rfc3339(bench.clock.now())
  const { status } = bench.api.get(nodes, { name: 'b' })!
  const conditions = [{ type: 'Ready', status: 'Unknown' }]
  const taints = [{ key, effect, timeAdded }]
  bench.api.put(nodes, { ...node('b'), spec: { taints }, status: { ...status, conditions } })
  await bench.clock.advance(1_900)
  await bench.settle()
  assert.equal(podAt('two')?.metadata.deletionTimestamp, undefined)
  await bench.clock.advance(200)
  await bench.settle()
  assert.notEqual(podAt('two')?.metadata.deletionTimestamp, undefined)
  await bench.stop()
})

test('pod garbage removes the pods of a silent node that is declared out of service', async () => {
  const { bench, live, podAt } = cluster(['a', 'b'])
  bench.api.put(pods, pod('on-a', 'a'))
  bench.api.put(pods, pod('on-b', 'b', [{ operator: 'Exists' }]))
  await live(8, ['a'])
  const silent = bench.api.get(nodes, { name: 'b' })!
  const taint = {
    key: 'node.kubernetes.io/out-of-service',
    value: 'nodeshutdown',
    effect: 'NoExecute' as const,
  }
  bench.api.put(nodes, { ...silent, spec: { taints: [...(silent.spec.taints ?? []), taint] } })
  await live(1, ['a'])
  assert.equal(podAt('on-b'), undefined)
  assert.notEqual(podAt('on-a'), undefined)
  await bench.stop()
})

test('pod garbage finishes a removal that was cut short, though the node is back', async () => {
  const { bench, live, podAt } = cluster(['a'])
  const begun = pod('on-a', 'a')
  const condition = { type: 'DisruptionTarget', status: 'True', reason: 'DeletionByPodGC' }
  bench.api.put(pods, { ...begun, status: { phase: 'Failed', conditions: [condition] } } as Pod)
  bench.api.put(pods, { ...pod('evicted', 'a'), status: { phase: 'Failed', reason: 'Evicted' } })
  await live(2, ['a'])
  assert.equal(podAt('on-a'), undefined)
  assert.notEqual(podAt('evicted'), undefined)
  await bench.stop()
})

test('pod garbage removes pods of a node that is gone, but not if it comes back soon', async () => {
  const { bench, live, podAt } = cluster(['a', 'b', 'c'])
  bench.api.put(pods, pod('on-b', 'b'))
  bench.api.put(pods, pod('on-c', 'c'))
  await live(2, ['a', 'b', 'c'])
  bench.api.remove(nodes, { name: 'b' })
  bench.api.remove(nodes, { name: 'c' })
  await live(5, ['a'])
  bench.api.put(nodes, node('c'))
  await live(8, ['a', 'c'])
  assert.equal(podAt('on-b'), undefined)
  assert.notEqual(podAt('on-c'), undefined)
  await bench.stop()
})

test('taint eviction keeps the conditions that others write meanwhile', async () => {
  let meanwhile = (): void => undefined
  const bench: ControllerBench = controllerBench((context) => {
    const client = createClient((call) => {
      if (call.method !== 'GET' && call.path.endsWith('/status')) meanwhile()
      return bench.api.call(call)
    })
    return createTaintEvictionController({ ...context, client })
  })
  const at = { namespace: 'default', name: 'web' }
  const newer = { type: 'ContainersReady', status: 'False', reason: 'ContainersNotReady' } as const
  meanwhile = () => {
    meanwhile = () => undefined
    const now = bench.api.get(pods, at)!
    bench.api.put(pods, { ...now, status: { ...now.status, conditions: [newer] } })
  }
  bench.api.put(pods, pod('web', 'a'))
  bench.api.put(nodes, { ...node('a'), spec: { taints: [{ key: 'out', effect: 'NoExecute' }] } })
  await bench.settle()
  const found = bench.api.get(pods, at)
  assert.notEqual(found?.metadata.deletionTimestamp, undefined)
  assert.equal(conditionOf(found?.status?.conditions, 'ContainersReady')?.status, 'False')
  assert.equal(
    conditionOf(found?.status?.conditions, 'DisruptionTarget')?.reason,
    'DeletionByTaintManager',
  )
  await bench.stop()
})
