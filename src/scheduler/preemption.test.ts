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
import { conditionOf } from '#kinds/meta.ts'
import { events, nodes, pods } from '#kinds/refs.ts'
import { createScheduler } from './create-scheduler.ts'

const node = (name: string, cpu = '1'): Node => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name },
  spec: {},
  status: { allocatable: { cpu, memory: '8Gi', pods: '110' } },
})

const pod = (name: string, priority: number, spec: Partial<Pod['spec']> = {}): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: 'default', generation: 1 },
  spec: {
    containers: [{ name: 'c', resources: { requests: { cpu: '1' } } }],
    priority,
    ...spec,
  },
  status: { phase: 'Pending' },
})

async function cluster(objects: NonNullable<FakeApiOptions['objects']>) {
  const clock = fakeClock()
  const api = fakeApi({ clock, objects })
  const client = createClient(api.call)
  const shared = { client, clock, random: seededRandom(1), log: silentLogger }
  const informers = createInformerFactory(shared)
  const source = { component: 'default-scheduler', host: 'computer' }
  const recorder = createEventRecorder({ ...shared, source })
  const scheduler = createScheduler({ ...shared, informers, recorder })
  informers.start()
  scheduler.start()
  await clock.advance(100)
  const get = (name: string) => api.get(pods, { namespace: 'default', name })
  const nodeOf = (name: string) => get(name)?.spec.nodeName ?? ''
  const nominatedOf = (name: string) => get(name)?.status?.nominatedNodeName ?? ''
  const gone = (name: string) => api.remove(pods, { namespace: 'default', name })
  return { api, clock, get, gone, nodeOf, nominatedOf }
}

test('a pod of higher priority takes the place of a lesser one, which leaves gracefully', async () => {
  const { api, clock, get, gone, nodeOf, nominatedOf } = await cluster([
    node('a'),
    pod('low', 0, { nodeName: 'a' }),
    pod('high', 10),
  ])
  const victim = get('low')!
  assert.ok(victim.metadata.deletionTimestamp, 'it was asked to leave')
  const condition = conditionOf(victim.status?.conditions, 'DisruptionTarget')
  assert.deepEqual(
    [condition?.status, condition?.reason, condition?.message],
    [
      'True',
      'PreemptionByScheduler',
      'default-scheduler: preempting to accommodate a higher priority pod',
    ],
  )
  assert.equal(nominatedOf('high'), 'a')
  assert.equal(
    conditionOf(get('high')!.status?.conditions, 'PodScheduled')?.message,
    '0/1 nodes are available: 1 Insufficient cpu.',
  )
  const event = api.list(events).find(({ reason }) => reason === 'Preempted')
  assert.deepEqual(
    [event?.involvedObject.name, event?.action, event?.related?.name, event?.reportingInstance],
    ['low', 'Preempting', 'high', 'default-scheduler-computer'],
  )
  assert.equal(event?.message, `Preempted by pod ${get('high')!.metadata.uid} on node a`)
  await clock.advance(20_000)
  assert.equal(nodeOf('high'), '', 'it waits for the place')
  gone('low')
  await clock.advance(10_000)
  assert.equal(nodeOf('high'), 'a')
})

test('the place made for a pod is not for those of lower priority', async () => {
  const { api, clock, gone, nodeOf } = await cluster([
    node('a'),
    pod('low', 0, { nodeName: 'a' }),
    pod('high', 10),
  ])
  api.put(pods, pod('middle', 5))
  await clock.advance(100)
  gone('low')
  // The one it was made for rests after its failed attempt; the other is tried at once.
  api.put(pods, pod('late', 5))
  await clock.advance(10_000)
  assert.deepEqual([nodeOf('high'), nodeOf('middle'), nodeOf('late')], ['a', '', ''])
})

test('a pod takes no more victims while those it has asked are on their way out', async () => {
  const { api, clock, get } = await cluster([
    node('a'),
    node('b'),
    pod('one', 0, { nodeName: 'a' }),
    pod('two', 0, { nodeName: 'b' }),
    pod('high', 10),
  ])
  // Anything that makes it try again.
  api.put(nodes, { ...node('a'), metadata: { name: 'a', labels: { changed: 'yes' } } })
  await clock.advance(60_000)
  const asked = ['one', 'two'].filter((name) => get(name)!.metadata.deletionTimestamp)
  assert.deepEqual(asked, ['one'])
})

test('a pod with preemptionPolicy Never waits its turn', async () => {
  const { get } = await cluster([
    node('a'),
    pod('low', 0, { nodeName: 'a' }),
    pod('high', 10, { preemptionPolicy: 'Never' }),
  ])
  assert.equal(get('low')!.metadata.deletionTimestamp, undefined)
  assert.equal(
    conditionOf(get('high')!.status?.conditions, 'PodScheduled')?.message,
    '0/1 nodes are available: 1 Insufficient cpu. no new claims to deallocate, ' +
      'preemption: not eligible due to preemptionPolicy=Never.',
  )
})

test('a pod of yet higher priority takes over the place, and the first looks for another', async () => {
  const { api, clock, gone, nodeOf, nominatedOf } = await cluster([
    node('a'),
    pod('low', 0, { nodeName: 'a' }),
    pod('high', 10),
  ])
  assert.equal(nominatedOf('high'), 'a')
  api.put(pods, pod('highest', 20))
  await clock.advance(100)
  gone('low')
  await clock.advance(30_000)
  assert.deepEqual([nodeOf('highest'), nodeOf('high'), nominatedOf('high')], ['a', '', ''])
})

test('the place of a nominated pod that is deleted is free for all', async () => {
  const { api, clock, gone, nodeOf } = await cluster([
    node('a'),
    pod('low', 0, { nodeName: 'a' }),
    pod('high', 10),
  ])
  api.put(pods, pod('middle', 5))
  await clock.advance(100)
  gone('low')
  gone('high')
  await clock.advance(20_000)
  assert.equal(nodeOf('middle'), 'a')
})

test('a nomination written by an earlier scheduler still holds', async () => {
  const waiting = pod('high', 10, { schedulerName: 'other' })
  waiting.status!.nominatedNodeName = 'a'
  const { nodeOf } = await cluster([node('a'), waiting, pod('low', 0)])
  assert.equal(nodeOf('low'), '')
})

test('victims that cannot be asked to leave are asked again', async () => {
  const { api, clock, get, gone, nodeOf } = await cluster([node('a')])
  api.fail({ method: 'DELETE', path: /\/pods\/low$/, error: new Error('connection refused') })
  api.put(pods, pod('low', 0, { nodeName: 'a' }))
  api.put(pods, pod('high', 10))
  await clock.advance(100)
  assert.equal(get('low')!.metadata.deletionTimestamp, undefined)
  await clock.advance(20_000)
  assert.ok(get('low')!.metadata.deletionTimestamp)
  gone('low')
  await clock.advance(20_000)
  assert.equal(nodeOf('high'), 'a')
})

test('a changed toleration lets a waiting pod in', async () => {
  const tainted = node('a')
  tainted.spec.taints = [{ key: 'k', effect: 'NoSchedule' }]
  const { api, clock, get, nodeOf } = await cluster([tainted, pod('x', 0)])
  const now = get('x')!
  api.put(pods, { ...now, spec: { ...now.spec, tolerations: [{ key: 'k', operator: 'Exists' }] } })
  await clock.advance(10_000)
  assert.equal(nodeOf('x'), 'a')
})
