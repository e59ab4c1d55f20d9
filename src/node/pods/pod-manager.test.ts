import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { after, before, describe, test } from 'node:test'
import { type FakeClock, fakeClock, settle } from '#base/fake-clock.ts'
import { silentLogger } from '#base/log.ts'
import { seededRandom } from '#base/random.ts'
import { createClient } from '#client/create-client.ts'
import { type FakeApi, fakeApi } from '#client/fake-api.ts'
import { createInformer } from '#client/informer.ts'
import type { Node, Pod } from '#kinds/k8s/core.ts'
import { configMaps, events, pods } from '#kinds/refs.ts'
import { type ObjectSource, objectSource } from '../container/object-source.ts'
import { memoryRoot } from '../container/pod-places.ts'
import { eventRecorder } from '../events/event-recorder.ts'
import { Gate } from '#base/gate.ts'
import { ImagePuller } from '../images/image-puller.ts'
import { PulledImages } from '../images/pulled-images.ts'
import { ProbeManager } from '../probes/probe-manager.ts'
import { type FakeRuntime, fakeRuntime } from '../runtime/fake-runtime.ts'
import { RuntimeWatch } from '../runtime/runtime-watch.ts'
import { fakeVolumeMounts } from '../volumes/fake-volume-mounts.ts'
import { podVolumes } from '../volumes/pod-volumes.ts'
import { podObserver } from './observe-pod.ts'
import { PodEvents } from './pod-events.ts'
import { PodManager } from './pod-manager.ts'
import { PodOperations } from './pod-operations.ts'
import { testPod } from './test-view.ts'

const TURNS_MAX = 200_000
let root: string

before(async () => {
  root = await mkdtemp(path.join(os.tmpdir(), 'ccs-pods-'))
})
after(() => rm(root, { recursive: true }))

interface World {
  clock: FakeClock
  api: FakeApi
  runtime: FakeRuntime
  healthy: { ok: boolean }
  answering: { ok: boolean }
  node: Node | undefined
  reading: { until: Promise<void> | undefined }
}

function newWorld(): World {
  const clock = fakeClock()
  const runtime = fakeRuntime(clock)
  runtime.present.add('app:1')
  const [healthy, answering] = [{ ok: true }, { ok: true }]
  const reading = { until: undefined }
  return { clock, api: fakeApi({ clock }), runtime, healthy, answering, node: undefined, reading }
}

let agents = 0

/** An agent without a socket, on a computer that is a directory. */
async function startAgent(world: World) {
  const { clock, api, runtime, healthy, answering, reading } = world
  const random = seededRandom(agents++)
  const log = silentLogger
  const client = createClient(api.call)
  const machine = {
    directory: path.join(root, String(agents), 'disk'),
    runDirectory: path.join(root, String(agents), 'run'),
    podsCgroup: '/test/pods',
  }
  const isAnswering = () => answering.ok
  const common = { client, clock, random, log, runtime, isAnswering }
  const scope = { fieldSelector: 'spec.nodeName=m1' }
  const informer = createInformer({ ...common, kind: pods, scope })
  const recorder = eventRecorder({ ...common, nodeName: 'm1' })
  const prober = async () => ({ ok: healthy.ok, output: 'unwell' })
  const probes: ProbeManager = new ProbeManager({
    ...common,
    prober,
    gate: new Gate(4),
    changed: (uid) => manager.touch(uid),
    found: () => undefined,
  })
  const hostAddresses = ['10.0.0.11']
  const observe = podObserver(runtime, machine)
  const node = () => world.node
  const manager = new PodManager({ ...common, informer, observe, probes, hostAddresses, node })
  const read = objectSource(client, undefined)
  const configMap: ObjectSource['configMap'] = async (place) => {
    const found = await read.configMap(place)
    await reading.until
    return found
  }
  const objects = { ...read, configMap }
  const limits = { allocatable: {}, capacity: {}, mayLowerOomScore: false }
  const sources = { objects, tokens: async () => 'token', allocatable: {} }
  const mounts = fakeVolumeMounts()
  const operations = new PodOperations({
    ...common,
    images: new ImagePuller({ ...common, pulled: new PulledImages({ random }) }),
    volumes: podVolumes({ machine, sources, mounts, random, now: () => clock.now() }),
    mounts,
    objects,
    events: new PodEvents(recorder),
    machine,
    limits,
    domain: 'cluster.local',
    pullCredentials: () => undefined,
    cgroups: { prepare: () => undefined, remove: () => undefined },
    sandboxGate: new Gate(4),
    clusterDns: { address: '10.0.0.10', domain: 'cluster.local' },
    hostAddresses,
    volumeResyncMs: undefined,
    writeStatus: (record) => manager.writeStatus(record),
    finished: (record) => manager.changed(record),
    touched: (record) => manager.touch(record.uid),
    removed: (record) => manager.forget(record),
  })
  const watch = new RuntimeWatch({
    ...common,
    came: () => undefined,
    event: (event) => manager.heard(event),
    healthChanged: () => undefined,
  })
  informer.start()
  await informer.synced
  watch.start()
  await watch.known
  await manager.start(operations)
  return {
    async stop() {
      await watch.stop()
      await informer.stop()
      await manager.stop()
      await recorder.flushed()
    },
    memory: memoryRoot(machine),
    lookAtAll: () => manager.lookAtAll(),
    configChanged: () => manager.sourceChanged('configMaps', 'shop', 'c'),
    evict: (pod: Pod, message: string) => manager.evict(pod, message),
  }
}

const get = ({ api }: World) => api.get(pods, { namespace: 'shop', name: 'web' })
const main = (pod: Pod | undefined) => pod?.status?.containerStatuses?.[0]

/** Lets the world go on until something holds. Disks take real time, so turns are counted. */
async function until({ clock }: World, what: string, holds: () => unknown): Promise<void> {
  for (let turn = 0; turn < TURNS_MAX; turn++) {
    if (holds()) return
    await clock.advance(0)
  }
  assert.fail(`${what} did not happen`)
}

const isReady = (pod: Pod | undefined) =>
  pod?.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True')

async function runningWorld(spec: Partial<Pod['spec']> = {}) {
  const world = newWorld()
  world.api.put(pods, testPod(spec))
  const agent = await startAgent(world)
  await until(world, 'a ready pod', () => isReady(get(world)))
  return { ...world, agent }
}

const countOf = ({ runtime }: World, method: string) =>
  runtime.calls.filter((call) => call.split(' ')[0] === method).length

describe('PodManager', () => {
  test('runs a pod and reports it', async () => {
    const world = await runningWorld()
    const pod = get(world)
    assert.equal(pod?.status?.phase, 'Running')
    assert.match(pod?.status?.podIP ?? '', /^10\.0\.0\./)
    assert.equal(main(pod)?.restartCount, 0)
    await world.agent.stop()
    assert.deepEqual(
      world.api.list(events).map(({ reason }) => reason),
      ['Pulled', 'Created', 'Started'],
    )
  })

  test('restarts a container that ended, at once and then with a delay', async () => {
    const world = await runningWorld()
    world.runtime.exit(world.runtime.containers[0]!.id, 1)
    await until(world, 'a restart', () => main(get(world))?.restartCount === 1)
    await until(world, 'a ready pod', () => isReady(get(world)))
    world.runtime.exit(world.runtime.containers.at(-1)!.id, 1)
    await until(
      world,
      'a back-off',
      () => main(get(world))?.state?.waiting?.reason === 'CrashLoopBackOff',
    )
    await until(world, 'an event', () =>
      world.api.list(events).some(({ reason }) => reason === 'BackOff'),
    )
    await world.clock.advance(9_000)
    assert.equal(countOf(world, 'startContainer'), 2)
    await world.clock.advance(1_100)
    await until(world, 'the second restart', () => main(get(world))?.restartCount === 2)
    await world.agent.stop()
  })

  test('another agent adopts what runs', async () => {
    const world = await runningWorld({
      containers: [
        {
          name: 'main',
          image: 'app:1',
          readinessProbe: { tcpSocket: { port: 1 }, periodSeconds: 1 },
        },
      ],
    })
    await world.agent.stop()
    const before = get(world)
    // What readiness was stays until a probe knows better.
    world.healthy.ok = false
    const second = await startAgent(world)
    for (let turn = 0; turn < 50; turn++) await settle()
    assert.deepEqual(get(world)?.status, before?.status)
    assert.equal(countOf(world, 'runSandbox'), 1)
    assert.equal(countOf(world, 'startContainer'), 1)
    await second.stop()
  })

  test('a machine that restarted gets a new sandbox and counts a restart', async () => {
    const world = await runningWorld()
    await world.agent.stop()
    world.runtime.crash()
    const second = await startAgent(world)
    await until(
      world,
      'a restart',
      () => main(get(world))?.restartCount === 1 && isReady(get(world)),
    )
    assert.equal(world.runtime.sandboxes.find(({ state }) => state === 'ready')?.attempt, 1)
    await second.stop()
  })

  test('says nothing of a pod while the machine does not answer, and puts it right afterwards', async () => {
    const world = await runningWorld()
    world.answering.ok = false
    const pod = get(world)!
    const conditions = pod.status!.conditions!.map((condition) =>
      condition.type === 'Ready' ? { ...condition, status: 'False' } : condition,
    )
    world.api.put(pods, { ...pod, status: { ...pod.status, conditions } })
    for (let turn = 0; turn < 50; turn++) await settle()
    await world.clock.advance(60_000)
    assert.equal(isReady(get(world)), false)
    world.answering.ok = true
    await world.agent.lookAtAll()
    await until(world, 'a ready pod', () => isReady(get(world)))
    assert.equal(main(get(world))?.restartCount, 0)
    await world.agent.stop()
  })

  test('deletes gracefully and leaves nothing', async () => {
    const world = await runningWorld()
    world.runtime.termMs = 5_000
    const client = createClient(world.api.call)
    await client.resource(pods).delete({ namespace: 'shop', name: 'web' })
    await until(world, 'a stop', () => countOf(world, 'stopContainer') === 1)
    await world.clock.advance(4_000)
    assert.ok(get(world)?.metadata.deletionTimestamp)
    await world.clock.advance(1_500)
    await until(world, 'the end', () => get(world) === undefined)
    await until(world, 'a clean runtime', () => world.runtime.sandboxes.length === 0)
    assert.equal(world.runtime.containers.length, 0)
    await world.agent.stop()
  })

  test('runs preStop hooks of all at once, ends sidecars last, and takes the hooks off their time', async () => {
    const hook = (name: string) => ({ preStop: { exec: { command: [name] } } })
    const side = { name: 'side', image: 'app:1', restartPolicy: 'Always', lifecycle: hook('quit') }
    const world = await runningWorld({
      initContainers: [side],
      containers: [
        { name: 'main', image: 'app:1', lifecycle: { preStop: { sleep: { seconds: 3 } } } },
      ],
    })
    world.runtime.termMs = 1_000
    const client = createClient(world.api.call)
    await client.resource(pods).delete({ namespace: 'shop', name: 'web' })
    await until(world, 'the hook of the sidecar', () => countOf(world, 'exec') === 1)
    await world.clock.advance(2_900)
    assert.equal(countOf(world, 'stopContainer'), 0)
    await world.clock.advance(200)
    const [sideId, mainId] = world.runtime.containers.map(({ id }) => id)
    await until(world, 'a stop', () => countOf(world, 'stopContainer') === 1)
    assert.ok(world.runtime.calls.includes(`stopContainer ${mainId} 27`))
    await world.clock.advance(1_000)
    await until(world, 'the stop of the sidecar', () => countOf(world, 'stopContainer') === 2)
    assert.ok(world.runtime.calls.includes(`stopContainer ${sideId} 26`))
    await world.clock.advance(1_000)
    await until(world, 'the end', () => get(world) === undefined)
    await world.agent.stop()
    const kills = world.api.list(events).filter(({ reason }) => reason === 'Killing')
    assert.deepEqual(
      new Set(kills.map(({ message }) => message)),
      new Set(['Stopping container main', 'Stopping container side']),
    )
    assert.equal(kills.length, 2)
  })

  test('a delete with less time does not wait for a hook that takes longer', async () => {
    const lifecycle = { preStop: { sleep: { seconds: 25 } } }
    const world = await runningWorld({ containers: [{ name: 'main', image: 'app:1', lifecycle }] })
    const resource = createClient(world.api.call).resource(pods)
    await resource.delete({ namespace: 'shop', name: 'web' })
    await until(world, 'an event', () =>
      world.api.list(events).some(({ reason }) => reason === 'Killing'),
    )
    await resource.delete({ namespace: 'shop', name: 'web' }, { gracePeriodSeconds: 2 })
    for (let turn = 0; turn < 50; turn++) await settle()
    await world.clock.advance(2_000)
    await until(world, 'a stop', () => countOf(world, 'stopContainer') > 0)
    await until(world, 'the end', () => get(world) === undefined)
    await world.agent.stop()
  })

  test('a container is asked to stop by the signal that it wants', async () => {
    const lifecycle = { stopSignal: 'SIGUSR1' } as const
    const world = await runningWorld({ containers: [{ name: 'main', image: 'app:1', lifecycle }] })
    const { id } = world.runtime.containers[0]!
    await createClient(world.api.call).resource(pods).delete({ namespace: 'shop', name: 'web' })
    await until(world, 'the end', () => get(world) === undefined)
    await world.agent.stop()
    assert.ok(world.runtime.calls.includes(`signalContainer ${id} 10`))
    assert.ok(!world.runtime.calls.includes(`stopContainer ${id} 30`))
  })

  test('a hook is waited for no longer than its container lives', async () => {
    const lifecycle = { preStop: { sleep: { seconds: 25 } } }
    const world = await runningWorld({ containers: [{ name: 'main', image: 'app:1', lifecycle }] })
    await createClient(world.api.call).resource(pods).delete({ namespace: 'shop', name: 'web' })
    await until(world, 'an event', () =>
      world.api.list(events).some(({ reason }) => reason === 'Killing'),
    )
    world.runtime.exit(world.runtime.containers[0]!.id, 0)
    await until(world, 'the end', () => get(world) === undefined)
    await world.agent.stop()
    assert.ok(!world.api.list(events).some(({ reason }) => reason === 'FailedPreStopHook'))
  })

  test('a container is not running before its postStart hook is over, nor are those after it', async () => {
    const world = newWorld()
    const lifecycle = { postStart: { sleep: { seconds: 5 } } }
    const first = { name: 'first', image: 'app:1', lifecycle, readinessProbe: { exec: {} } }
    const containers = [first, { name: 'second', image: 'app:1' }]
    world.api.put(pods, testPod({ containers }))
    const agent = await startAgent(world)
    await until(world, 'a start', () => countOf(world, 'startContainer') === 1)
    await world.clock.advance(4_000)
    assert.equal(get(world)?.status?.phase, 'Pending')
    assert.equal(main(get(world))?.state?.waiting?.reason, 'ContainerCreating')
    assert.equal(countOf(world, 'startContainer'), 1)
    await world.clock.advance(1_000)
    await until(world, 'a ready pod', () => isReady(get(world)))
    assert.equal(countOf(world, 'startContainer'), 2)
    await agent.stop()
  })

  test('a container whose postStart hook fails is stopped and started again', async () => {
    const lifecycle = { postStart: { exec: { command: ['prepare'] } } }
    const world = newWorld()
    world.runtime.execute = () => ({ stdout: '', stderr: 'secret', exitCode: 1 })
    world.api.put(pods, testPod({ containers: [{ name: 'main', image: 'app:1', lifecycle }] }))
    const agent = await startAgent(world)
    await until(world, 'a stop', () => countOf(world, 'stopContainer') === 1)
    world.runtime.execute = () => ({ stdout: '', stderr: '', exitCode: 0 })
    await world.clock.advance(600)
    await until(world, 'a ready pod', () => isReady(get(world)))
    assert.equal(main(get(world))?.restartCount, 1)
    await agent.stop()
    const told = world.api.list(events).map(({ reason, message }) => `${reason}: ${message}`)
    assert.ok(told.includes('FailedPostStartHook: PostStartHook failed'), told.join('\n'))
    assert.ok(told.includes('Killing: FailedPostStartHook'), told.join('\n'))
  })

  test('refuses a pod that does not fit, and keeps those that it has taken', async () => {
    const world = newWorld()
    const node = (cpu: string): Node => ({
      apiVersion: 'v1',
      kind: 'Node',
      metadata: { name: 'm1' },
      spec: {},
      status: { allocatable: { cpu, memory: '1Gi', pods: '10' } },
    })
    const resources = { requests: { cpu: '1500m' } }
    const pod = (name: string, uid: string) =>
      testPod({ containers: [{ name: 'main', image: 'app:1', resources }] }, { name, uid })
    world.node = node('2')
    world.api.put(pods, pod('web', 'u-1'))
    const agent = await startAgent(world)
    await until(world, 'a ready pod', () => isReady(get(world)))
    world.api.put(pods, pod('more', 'u-2'))
    const more = () => world.api.get(pods, { namespace: 'shop', name: 'more' })
    await until(world, 'the refusal', () => more()?.status?.phase === 'Failed')
    await agent.stop()
    const message =
      "Node didn't have enough resource: cpu, requested: 1500, used: 1500, capacity: 2000"
    const { reason, message: why, containerStatuses } = more()!.status!
    assert.deepEqual([reason, why], ['OutOfcpu', `Pod was rejected: ${message}`])
    assert.equal(containerStatuses, undefined)
    const told = world.api.list(events).find((event) => event.reason === 'OutOfcpu')
    assert.deepEqual([told?.type, told?.message], ['Warning', message])
    // Smaller by now, and asked by an agent that knows nothing of all this.
    world.node = node('1')
    const before = world.api.list(pods).map(({ status }) => status)
    const second = await startAgent(world)
    for (let turn = 0; turn < 50; turn++) await settle()
    assert.deepEqual(
      world.api.list(pods).map(({ status }) => status),
      before,
    )
    assert.equal(countOf(world, 'runSandbox'), 1)
    await second.stop()
  })

  test('brings volumes up to date again when they change while they are being made', async () => {
    const world = newWorld()
    const config = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'c', namespace: 'shop' },
    }
    const put = (color: string) => world.api.put(configMaps, { ...config, data: { color } })
    put('blue')
    world.api.put(pods, testPod({ volumes: [{ name: 'v', configMap: { name: 'c' } }] }))
    const agent = await startAgent(world)
    await until(world, 'a ready pod', () => isReady(get(world)))
    const first = Promise.withResolvers<void>()
    world.reading.until = first.promise
    for (const color of ['blue', 'green']) {
      put(color)
      agent.configChanged()
      await world.clock.advance(0)
    }
    world.reading.until = undefined
    first.resolve()
    const file = path.join(agent.memory, 'u-1/volumes/v/color')
    await until(world, 'the new colour', () => readFileSync(file, 'utf8') === 'green')
    await agent.stop()
  })

  test('evicts a pod at once, and does not start it again', async () => {
    const world = await runningWorld()
    for (let again = 0; again < 2; again++) world.agent.evict(get(world)!, 'It takes too much. ')
    await until(world, 'a failed pod', () => get(world)?.status?.phase === 'Failed')
    const { reason, message, conditions = [] } = get(world)!.status!
    assert.deepEqual([reason, message], ['Evicted', 'It takes too much. '])
    assert.ok(conditions.some((condition) => condition.reason === 'TerminationByKubelet'))
    await world.agent.stop()
    assert.equal(countOf(world, 'startContainer'), 1)
    assert.ok(world.runtime.calls.some((call) => /^stopContainer \S+ 1$/.test(call)))
    assert.equal(world.api.list(events).filter((event) => event.reason === 'Evicted').length, 1)
  })

  test('removes what the API forgot while no agent was there', async () => {
    const world = await runningWorld()
    await world.agent.stop()
    world.api.remove(pods, { namespace: 'shop', name: 'web' })
    const second = await startAgent(world)
    await until(world, 'a clean runtime', () => world.runtime.sandboxes.length === 0)
    await second.stop()
  })

  test('tries a sandbox again that could not be made', async () => {
    const world = newWorld()
    const { RuntimeError } = await import('../runtime/runtime.ts')
    world.runtime.fail('runSandbox', new RuntimeError('Unknown', 'no network'))
    world.api.put(pods, testPod())
    const agent = await startAgent(world)
    await until(world, 'a failure', () => countOf(world, 'runSandbox') === 1)
    await until(world, 'an event', () => world.api.list(events).length === 1)
    const [event] = world.api.list(events)
    assert.equal(event?.reason, 'FailedCreatePodSandBox')
    assert.match(event?.message ?? '', /no network/)
    await world.clock.advance(600)
    await until(world, 'a ready pod', () => isReady(get(world)))
    await agent.stop()
  })

  test('a status that lost a race is written on the newer pod', async () => {
    const world = await runningWorld()
    const { conflict } = await import('#base/errors.ts')
    const error = conflict({ group: '', resource: 'pods' }, 'web')
    world.api.fail({ method: 'PUT', path: /status$/, error })
    world.runtime.exit(world.runtime.containers[0]!.id, 1)
    await until(world, 'a restart', () => main(get(world))?.restartCount === 1)
    await world.agent.stop()
  })
})
