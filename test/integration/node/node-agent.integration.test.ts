import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import http from 'node:http'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { text } from 'node:stream/consumers'
import { systemClock } from '#base/clock.ts'
import { lineLogger } from '#base/log.ts'
import { systemRandom } from '#base/random.ts'
import { createClient } from '#client/create-client.ts'
import { type FakeApi, fakeApi } from '#client/fake-api.ts'
import { createInformerFactory } from '#client/informer-factory.ts'
import type { Client, InformerFactory } from '#client/types.ts'
import type { Container, Pod, PodSpec } from '#kinds/k8s/core.ts'
import { configMaps, events, leases, nodes, pods } from '#kinds/refs.ts'
import { type NodeAgent, createNodeAgent } from '#node/create-node-agent.ts'
import { type TestContainerd, startTestContainerd } from './test-containerd.ts'
import { busyboxImage } from './test-images.ts'

const TIMEOUT_MS = 20_000
const resources = { cpu: '2', memory: '2Gi', pods: '110', 'ephemeral-storage': '10Gi' }

let runtime: TestContainerd
let api: FakeApi
let client: Client
let informers: InformerFactory
let agent: NodeAgent

function newAgent(): NodeAgent {
  const log = lineLogger({
    write: (line) => process.env['VERBOSE'] && process.stderr.write(line),
    now: () => Date.now(),
    level: 'debug',
  })
  informers = createInformerFactory({ client, clock: systemClock, random: systemRandom, log })
  const created = createNodeAgent({
    nodeName: 'm1',
    machine: {
      zone: 'zone-a',
      region: 'local',
      address: '127.0.0.1',
      podCIDR: runtime.podCIDR,
      runtimeSocket: runtime.socketPath,
      directory: runtime.directory,
      runDirectory: runtime.runDirectory,
      podsCgroup: runtime.podsCgroup,
      capacity: resources,
      allocatable: resources,
      instanceType: 'test',
    },
    client,
    informers,
    clusterDns: { address: '10.0.0.10', domain: 'cluster.local' },
    isMachineAnswering: () => true,
    pullCredentials: () => undefined,
    clock: systemClock,
    random: systemRandom,
    log,
  })
  return created
}

async function startAgent(): Promise<void> {
  agent = newAgent()
  informers.start()
  await informers.synced()
  await agent.start()
}

async function stopAgent(): Promise<void> {
  await agent.stop()
  await informers.stop()
}

before(async () => {
  runtime = await startTestContainerd()
  api = fakeApi({ clock: systemClock, random: systemRandom })
  client = createClient(api.call)
  await startAgent()
})

after(async () => {
  await stopAgent()
  await runtime.destroy()
})

async function makePod(
  name: string,
  container: Partial<Container>,
  spec: Partial<PodSpec> = {},
): Promise<Pod> {
  const object: Pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'default', labels: { app: name } },
    spec: {
      nodeName: 'm1',
      restartPolicy: 'Always',
      terminationGracePeriodSeconds: 1,
      ...spec,
      containers: [
        {
          name: 'main',
          image: busyboxImage,
          imagePullPolicy: 'IfNotPresent',
          terminationMessagePath: '/dev/termination-log',
          terminationMessagePolicy: 'File',
          ...container,
        },
        ...(spec.containers ?? []),
      ],
    },
  }
  return client.resource(pods).create(object)
}

const sh = (command: string) => ({ command: ['sh', '-c', command] })
const get = (name: string) => api.get(pods, { namespace: 'default', name })

async function until(name: string, what: (pod: Pod) => unknown): Promise<Pod> {
  const deadline = Date.now() + TIMEOUT_MS
  for (;;) {
    const pod = get(name)
    if (pod && what(pod)) return pod
    if (Date.now() > deadline)
      assert.fail(`${name} stays at ${JSON.stringify(pod?.status, undefined, 1)}`)
    await sleep(20)
  }
}

const isReady = (pod: Pod) =>
  pod.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True')
const main = (pod: Pod) => pod.status?.containerStatuses?.[0]

async function untilGone(name: string): Promise<void> {
  const deadline = Date.now() + TIMEOUT_MS
  while (get(name) !== undefined) {
    if (Date.now() > deadline) assert.fail(`${name} is still there`)
    await sleep(20)
  }
}

async function deletePod(name: string, gracePeriodSeconds?: number): Promise<void> {
  const options = gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds }
  await client.resource(pods).delete({ namespace: 'default', name }, options)
}

async function logOf(name: string, query = ''): Promise<{ status: number; text: string }> {
  const path = `/containerLogs/default/${name}/main${query}`
  const request = http.get({ socketPath: agent.socketPath, path, agent: false })
  const response = await new Promise<http.IncomingMessage>((resolve, reject) => {
    request.once('response', resolve)
    request.once('error', reject)
  })
  return { status: response.statusCode ?? 0, text: await text(response) }
}

const reasons = (name: string) =>
  api
    .list(events)
    .filter(({ involvedObject }) => involvedObject.name === name)
    .map(({ reason }) => reason)

/** The process of a pod's container, found by its cgroup. */
function pidOf(pod: Pod): number {
  const id = main(pod)?.containerID?.replace('containerd://', '') ?? ''
  const found = execFileSync(
    'ctr',
    ['--address', runtime.socketPath, '-n', 'k8s.io', 'tasks', 'ls'],
    { encoding: 'utf8' },
  )
    .split('\n')
    .find((line) => line.startsWith(id))
  return Number(found?.trim().split(/\s+/)[1])
}

describe('node agent on containerd', { timeout: 180_000 }, () => {
  test('registers a ready node and renews its lease', async () => {
    const node = api.get(nodes, { name: 'm1' })
    assert.equal(node?.metadata.labels?.['topology.kubernetes.io/zone'], 'zone-a')
    assert.equal(node?.spec.podCIDR, runtime.podCIDR)
    const ready = node?.status?.conditions?.find(({ type }) => type === 'Ready')
    assert.equal(ready?.status, 'True')
    assert.match(node?.status?.nodeInfo?.containerRuntimeVersion ?? '', /^containerd:\/\/1\./)
    const lease = () =>
      api.get(leases, { namespace: 'kube-node-lease', name: 'm1' })?.spec.renewTime
    await sleep(200)
    const first = lease()
    await sleep(1_500)
    assert.notEqual(lease(), first)
  })

  test('runs a pod, reports it, and serves its log', async () => {
    const began = Date.now()
    await makePod('web', {
      ...sh('echo "hello $WHO from $NAME"; echo second; exec httpd -f -p 8080 -h /tmp'),
      env: [
        { name: 'WHO', value: 'world' },
        { name: 'NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
      ],
      readinessProbe: { tcpSocket: { port: 8080 }, periodSeconds: 1, timeoutSeconds: 1 },
    })
    const pod = await until('web', isReady)
    console.log(`ready after ${Date.now() - began} ms`)
    assert.equal(pod.status?.phase, 'Running')
    assert.match(pod.status?.podIP ?? '', /^10\.200\./)
    assert.equal(pod.status?.hostIP, '127.0.0.1')
    assert.equal(main(pod)?.restartCount, 0)
    assert.match(main(pod)?.containerID ?? '', /^containerd:\/\//)
    assert.deepEqual(await logOf('web'), {
      status: 200,
      text: 'hello world from web\nsecond\n',
    })
    assert.equal((await logOf('web', '?tailLines=1')).text, 'second\n')
    const missing = await logOf('web', '?previous=true')
    assert.equal(missing.status, 400)
    assert.match(missing.text, /previous terminated container "main" in pod "web" not found/)
    assert.deepEqual(reasons('web'), ['Pulled', 'Created', 'Started'])
  })

  test('restarts a killed container at once and counts it', async () => {
    const before = await until('web', isReady)
    process.kill(pidOf(before), 'SIGKILL')
    const began = Date.now()
    const pod = await until('web', (p) => main(p)?.restartCount === 1 && isReady(p))
    assert.ok(Date.now() - began < 3_000, `took ${Date.now() - began} ms`)
    assert.equal(main(pod)?.lastState?.terminated?.exitCode, 137)
    assert.equal((await logOf('web', '?previous=true')).text, 'hello world from web\nsecond\n')
  })

  test('a new agent adopts what runs without touching it', async () => {
    const before = await until('web', isReady)
    const pid = pidOf(before)
    await stopAgent()
    await startAgent()
    await sleep(1_500)
    const pod = get('web')!
    assert.equal(main(pod)?.containerID, main(before)?.containerID)
    assert.equal(main(pod)?.restartCount, main(before)?.restartCount)
    assert.equal(pidOf(pod), pid)
    assert.equal(isReady(pod), true)
  })

  test('says at once that the runtime died and goes on when it is back', async () => {
    const ready = () =>
      api.get(nodes, { name: 'm1' })?.status?.conditions?.find(({ type }) => type === 'Ready')
    const before = await until('web', isReady)
    await runtime.kill()
    await sleep(500)
    assert.equal(ready()?.status, 'False')
    assert.equal(ready()?.message, 'container runtime is down')
    await runtime.restart()
    await sleep(1_500)
    assert.equal(ready()?.status, 'True')
    assert.equal(main(get('web')!)?.containerID, main(before)?.containerID)
    await makePod('later', sh('exec sleep 3600'))
    await until('later', isReady)
  })

  test('deletes gracefully: TERM, sandbox, object, files', async () => {
    const pod = await makePod(
      'graceful',
      {
        ...sh('trap "echo bye; exit 0" TERM; while true; do sleep 0.1; done'),
        lifecycle: { preStop: { exec: { command: ['sh', '-c', 'echo pre > /proc/1/fd/1'] } } },
      },
      { terminationGracePeriodSeconds: 10 },
    )
    await until('graceful', isReady)
    const follow = logOf('graceful', '?follow=true')
    const began = Date.now()
    await deletePod('graceful')
    await untilGone('graceful')
    assert.ok(Date.now() - began < 5_000, `took ${Date.now() - began} ms`)
    assert.equal((await follow).text, 'pre\nbye\n')
    await sleep(500)
    assert.throws(() => readFileSync(`${runtime.directory}/pods/${pod.metadata.uid}/etc-hosts`), {
      code: 'ENOENT',
    })
    assert.ok(reasons('graceful').includes('Killing'))
  })

  test('a pod deleted while no agent runs is cleared away by the next one', async () => {
    await makePod('orphan', sh('exec sleep 3600'))
    const pod = await until('orphan', isReady)
    const pid = pidOf(pod)
    await stopAgent()
    api.remove(pods, { namespace: 'default', name: 'orphan' })
    await startAgent()
    for (let tries = 0; tries < 200; tries++) {
      await sleep(50)
      try {
        process.kill(pid, 0)
      } catch (error) {
        assert.equal((error as NodeJS.ErrnoException).code, 'ESRCH')
        return
      }
    }
    assert.fail('the process still runs')
  })

  test('a liveness probe that fails restarts the container', async () => {
    await makePod('sick', {
      ...sh('touch /tmp/ok; sleep 1; exec sleep 3600'),
      livenessProbe: {
        exec: { command: ['test', '-e', '/tmp/missing'] },
        periodSeconds: 1,
        failureThreshold: 2,
        timeoutSeconds: 1,
      },
    })
    await until('sick', (pod) => (main(pod)?.restartCount ?? 0) >= 1)
    assert.ok(reasons('sick').includes('Unhealthy'))
    await deletePod('sick', 0)
    await untilGone('sick')
  })

  test('reports the end of pods that run once', async () => {
    await makePod('done', sh('echo done'), { restartPolicy: 'Never' })
    await makePod('failed', sh('echo bad >/dev/termination-log; exit 3'), {
      restartPolicy: 'Never',
    })
    const done = await until('done', (pod) => pod.status?.phase === 'Succeeded')
    assert.equal(main(done)?.state?.terminated?.reason, 'Completed')
    const failed = await until('failed', (pod) => pod.status?.phase === 'Failed')
    assert.equal(main(failed)?.state?.terminated?.exitCode, 3)
    assert.equal(main(failed)?.state?.terminated?.message, 'bad\n')
    for (const name of ['done', 'failed']) {
      await deletePod(name)
      await untilGone(name)
    }
  })

  test('waits for init containers and backs off from crashes', async () => {
    await makePod('crashing', sh('exit 1'), {
      initContainers: [
        { name: 'first', image: busyboxImage, imagePullPolicy: 'IfNotPresent', ...sh('exit 0') },
      ],
    })
    const pod = await until(
      'crashing',
      (p) => main(p)?.state?.waiting?.reason === 'CrashLoopBackOff',
    )
    assert.equal(main(pod)?.restartCount, 1)
    assert.match(main(pod)?.state?.waiting?.message ?? '', /^back-off 10s restarting failed/)
    await deletePod('crashing')
    await untilGone('crashing')
  })

  test('says why an image or a configuration is missing', async () => {
    await makePod('no-image', { image: 'localhost:1/none:1' })
    await makePod('no-config', { envFrom: [{ configMapRef: { name: 'none' } }] })
    await until('no-image', (p) => main(p)?.state?.waiting?.reason === 'ImagePullBackOff')
    const pod = await until(
      'no-config',
      (p) => main(p)?.state?.waiting?.reason === 'CreateContainerConfigError',
    )
    assert.equal(main(pod)?.state?.waiting?.message, 'configmap "none" not found')
    const log = await logOf('no-image')
    assert.equal(log.status, 400)
    assert.match(log.text, /container "main" in pod "no-image" is waiting to start: /)
    for (const name of ['no-image', 'no-config']) {
      await deletePod(name)
      await untilGone(name)
    }
  })

  test('mounts volumes and brings ConfigMaps up to date', async () => {
    const object = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'c', namespace: 'default' },
      data: { key: 'one' },
    }
    await client.resource(configMaps).create(object)
    await makePod(
      'volumes',
      {
        ...sh(
          'cat /c/key; echo; cat /d/labels; echo; mount | grep -c " /m "; cat /etc/hosts | grep -c volumes; while sleep 0.1; do cat /c/key; echo; done',
        ),
        volumeMounts: [
          { name: 'c', mountPath: '/c' },
          { name: 'd', mountPath: '/d' },
          { name: 'm', mountPath: '/m' },
        ],
      },
      {
        volumes: [
          { name: 'c', configMap: { name: 'c' } },
          {
            name: 'd',
            downwardAPI: {
              items: [{ path: 'labels', fieldRef: { fieldPath: 'metadata.labels' } }],
            },
          },
          { name: 'm', emptyDir: { medium: 'Memory' } },
        ],
      },
    )
    await until('volumes', isReady)
    await sleep(300)
    const before = (await logOf('volumes')).text
    assert.ok(before.startsWith('one\napp="volumes"\n'), before)
    const current = api.get(configMaps, { namespace: 'default', name: 'c' })!
    await client.resource(configMaps).update({ ...current, data: { key: 'two' } })
    await sleep(700)
    assert.ok((await logOf('volumes')).text.includes('\ntwo\n'))
    await deletePod('volumes', 0)
    await untilGone('volumes')
  })
})
