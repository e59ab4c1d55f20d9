import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fakeClock } from '#base/fake-clock.ts'
import { silentLogger } from '#base/log.ts'
import { seededRandom } from '#base/random.ts'
import { createClient } from '#client/create-client.ts'
import { createEventRecorder } from '#client/event-recorder.ts'
import { type FakeApiOptions, fakeApi } from '#client/fake-api.ts'
import { createInformerFactory } from '#client/informer-factory.ts'
import type { Node, Pod } from '#kinds/k8s/core.ts'
import { events, nodes, pods } from '#kinds/refs.ts'
import { createScheduler } from './create-scheduler.ts'

function node(name: string, cpu = '2'): Node {
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name },
    spec: {},
    status: { allocatable: { cpu, memory: '8Gi', pods: '110' } },
  }
}

function pod(name: string, cpu = '1', spec: Partial<Pod['spec']> = {}): Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'default' },
    spec: { containers: [{ name: 'c', resources: { requests: { cpu } } }], ...spec },
    status: { phase: 'Pending' },
  }
}

async function cluster(objects: NonNullable<FakeApiOptions['objects']>) {
  const clock = fakeClock()
  const api = fakeApi({ clock, objects })
  const client = createClient(api.call)
  const shared = { client, clock, random: seededRandom(1), log: silentLogger }
  const informers = createInformerFactory(shared)
  const recorder = createEventRecorder({ ...shared, source: { component: 'default-scheduler' } })
  const scheduler = createScheduler({ ...shared, informers, recorder })
  informers.start()
  scheduler.start()
  await clock.advance(100)
  const nodeOf = (name: string) =>
    api.get(pods, { namespace: 'default', name })?.spec.nodeName ?? ''
  const conditionOf = (name: string) =>
    api
      .get(pods, { namespace: 'default', name })
      ?.status?.conditions?.find(({ type }) => type === 'PodScheduled')
  /** Sorted, as the names of events are random. */
  const reasons = () =>
    api
      .list(events)
      .map(({ reason }) => reason ?? '')
      .toSorted((a, b) => (a < b ? -1 : 1))
  return { api, client, clock, informers, scheduler, nodeOf, conditionOf, reasons }
}

test('createScheduler binds pending pods and says so in an event', async () => {
  const { nodeOf, reasons, api, scheduler } = await cluster([node('a'), pod('x')])
  assert.equal(nodeOf('x'), 'a')
  assert.deepEqual(reasons(), ['Scheduled'])
  assert.equal(api.list(events)[0]?.message, 'Successfully assigned default/x to a')
  assert.equal(scheduler.pending, 0)
})

test('createScheduler never overcommits, though bindings overtake the informer', async () => {
  const many = Array.from({ length: 12 }, (_, i) => pod(`p${i}`))
  const { api } = await cluster([node('a'), node('b'), ...many])
  const count = (name: string) => api.list(pods).filter((p) => p.spec.nodeName === name).length
  assert.deepEqual([count('a'), count('b')], [2, 2])
})

test('createScheduler says why a pod finds no place, once, and places it when a node comes', async () => {
  const { api, clock, nodeOf, conditionOf, reasons } = await cluster([node('a'), pod('x', '3')])
  const message =
    '0/1 nodes are available: 1 Insufficient cpu. no new claims to deallocate, ' +
    'preemption: 0/1 nodes are available: ' +
    '1 Preemption is not helpful for scheduling.'
  assert.deepEqual(
    [conditionOf('x')?.status, conditionOf('x')?.reason, conditionOf('x')?.message],
    ['False', 'Unschedulable', message],
  )
  const { revision } = api
  await clock.advance(700_000)
  assert.equal(api.revision, revision, 'retries write nothing new')
  api.put(nodes, node('b', '4'))
  await clock.advance(1_000)
  assert.equal(nodeOf('x'), 'b')
  assert.deepEqual(reasons(), ['FailedScheduling', 'Scheduled'])
})

test('createScheduler says so when there is no node at all', async () => {
  const { conditionOf } = await cluster([pod('x')])
  assert.equal(conditionOf('x')?.message, 'no nodes available to schedule pods')
})

test('createScheduler places a waiting pod when another leaves, and the more important one first', async () => {
  const { api, clock, nodeOf } = await cluster([
    node('a', '1'),
    pod('old', '1', { nodeName: 'a' }),
    pod('low'),
    pod('high', '1', { priority: 10 }),
  ])
  assert.deepEqual([nodeOf('low'), nodeOf('high')], ['', ''])
  await clock.advance(30_000)
  api.remove(pods, { namespace: 'default', name: 'old' })
  await clock.advance(1_000)
  assert.deepEqual([nodeOf('low'), nodeOf('high')], ['', 'a'])
})

test('createScheduler leaves alone pods of other schedulers, gated, ending and finished ones', async () => {
  const ending = pod('ending')
  ending.metadata.deletionTimestamp = '2026-01-01T00:00:00Z'
  ending.metadata.finalizers = ['example.com/hold']
  const failed: Pod = { ...pod('failed'), status: { phase: 'Failed' } }
  const { api } = await cluster([
    node('a', '8'),
    pod('other', '1', { schedulerName: 'custom' }),
    pod('gated', '1', { schedulingGates: [{ name: 'wait' }] }),
    failed,
    ending,
  ])
  assert.deepEqual(
    api.list(pods).filter(({ spec }) => spec.nodeName),
    [],
  )
})

test('createScheduler finds out that a binding took effect though its answer was lost', async () => {
  const { api, clock, nodeOf, scheduler } = await cluster([node('a', '1')])
  const lost = { error: new Error('connection reset'), afterwards: true }
  api.fail({ method: 'POST', path: /\/binding$/, ...lost })
  api.fail({ method: 'GET', path: /\/pods\/x$/, error: new Error('connection refused') })
  api.put(pods, pod('x'))
  await clock.advance(10)
  api.put(pods, pod('y'))
  await clock.advance(30_000)
  assert.deepEqual([nodeOf('x'), nodeOf('y'), scheduler.pending], ['a', '', 1])
})

test('createScheduler tries a failed binding again after a rest', async () => {
  const { api, clock, nodeOf, reasons } = await cluster([node('a')])
  api.fail({ method: 'POST', path: /\/binding$/, error: new Error('connection refused') })
  api.put(pods, pod('x'))
  await clock.advance(500)
  assert.equal(nodeOf('x'), '')
  await clock.advance(1_000)
  assert.equal(nodeOf('x'), 'a')
  assert.deepEqual(reasons(), ['FailedScheduling', 'Scheduled'])
})

test('createScheduler gives back the room of a pod deleted while it was being bound', async () => {
  const { api, clock, nodeOf } = await cluster([node('a', '1')])
  api.fail({ method: 'POST', path: /\/binding$/, error: new Error('connection refused') })
  api.put(pods, pod('x'))
  api.put(pods, pod('y'))
  await clock.advance(0)
  api.remove(pods, { namespace: 'default', name: 'x' })
  await clock.advance(10_000)
  assert.equal(nodeOf('y'), 'a')
})

test('createScheduler ignores heartbeats of nodes', async () => {
  const { api, clock } = await cluster([node('a'), pod('x', '3')])
  const before = api.requests.length
  await clock.advance(30_000)
  const conditions = [{ type: 'Ready', status: 'True', lastHeartbeatTime: 'now' }]
  api.put(nodes, { ...node('a'), status: { ...node('a').status, conditions } })
  await clock.advance(30_000)
  assert.equal(api.requests.length, before)
})

test('createScheduler.stop leaves no timer behind', async () => {
  const { clock, scheduler, informers } = await cluster([node('a'), pod('x', '3'), pod('y')])
  await scheduler.stop()
  await informers.stop()
  assert.equal(clock.pending, 0)
})
