// An agent on a containerd of its own, for the tests of this folder; the API is one in memory.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import http from 'node:http'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { systemClock } from '#base/clock.ts'
import { lineLogger } from '#base/log.ts'
import { systemRandom } from '#base/random.ts'
import { createClient } from '#client/create-client.ts'
import { type FakeApi, fakeApi } from '#client/fake-api.ts'
import { createInformerFactory } from '#client/informer-factory.ts'
import type { Client, InformerFactory } from '#client/types.ts'
import type { Container, Pod, PodSpec } from '#kinds/k8s/core.ts'
import { events, pods } from '#kinds/refs.ts'
import { type NodeAgent, createNodeAgent } from '#node/create-node-agent.ts'
import { type TestContainerd, startTestContainerd } from './test-containerd.ts'
import { busyboxImage } from './test-images.ts'

const TIMEOUT_MS = 20_000
const resources = { cpu: '2', memory: '2Gi', pods: '110', 'ephemeral-storage': '10Gi' }

export const sh = (command: string) => ({ command: ['sh', '-c', command] })

export const isReady = (pod: Pod) =>
  pod.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True')

export const main = (pod: Pod) => pod.status?.containerStatuses?.[0]

export class TestMachine {
  readonly api: FakeApi = fakeApi({ clock: systemClock, random: systemRandom })
  readonly client: Client = createClient(this.api.call)
  readonly runtime: TestContainerd
  #agent: NodeAgent | undefined
  #informers: InformerFactory | undefined

  private constructor(runtime: TestContainerd) {
    this.runtime = runtime
  }

  static async start(): Promise<TestMachine> {
    const machine = new TestMachine(await startTestContainerd())
    await machine.startAgent()
    return machine
  }

  async destroy(): Promise<void> {
    await this.stopAgent()
    await this.runtime.destroy()
  }

  async startAgent(): Promise<void> {
    const { client, runtime } = this
    const log = lineLogger({
      write: (line) => process.env['VERBOSE'] && process.stderr.write(line),
      now: () => Date.now(),
      level: 'debug',
    })
    const common = { client, clock: systemClock, random: systemRandom, log }
    const informers = createInformerFactory(common)
    this.#informers = informers
    this.#agent = createNodeAgent({
      ...common,
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
      informers,
      clusterDns: { address: '10.0.0.10', domain: 'cluster.local' },
      isMachineAnswering: () => true,
      pullCredentials: () => undefined,
    })
    informers.start()
    await informers.synced()
    await this.#agent.start()
  }

  async stopAgent(): Promise<void> {
    await this.#agent?.stop()
    await this.#informers?.stop()
  }

  async makePod(
    name: string,
    container: Partial<Container>,
    spec: Partial<PodSpec> = {},
  ): Promise<Pod> {
    const common = { image: busyboxImage, imagePullPolicy: 'IfNotPresent' } as const
    const messages = {
      terminationMessagePath: '/dev/termination-log',
      terminationMessagePolicy: 'File',
    } as const
    const whole = (one: Container): Container => ({ ...common, ...messages, ...one })
    const { containers = [], initContainers = [] } = spec
    return this.client.resource(pods).create({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name, namespace: 'default', labels: { app: name } },
      spec: {
        nodeName: 'm1',
        restartPolicy: 'Always',
        terminationGracePeriodSeconds: 1,
        ...spec,
        initContainers: initContainers.map(whole),
        containers: [{ name: 'main', ...container }, ...containers].map(whole),
      },
    })
  }

  get(name: string): Pod | undefined {
    return this.api.get(pods, { namespace: 'default', name })
  }

  async until(name: string, what: (pod: Pod) => unknown): Promise<Pod> {
    const deadline = Date.now() + TIMEOUT_MS
    for (;;) {
      const pod = this.get(name)
      if (pod && what(pod)) return pod
      if (Date.now() > deadline)
        assert.fail(`${name} stays at ${JSON.stringify(pod?.status, undefined, 1)}`)
      await sleep(20)
    }
  }

  async untilGone(name: string): Promise<void> {
    const deadline = Date.now() + TIMEOUT_MS
    while (this.get(name) !== undefined) {
      if (Date.now() > deadline) assert.fail(`${name} is still there`)
      await sleep(20)
    }
  }

  async deletePod(name: string, gracePeriodSeconds?: number): Promise<void> {
    const options = gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds }
    await this.client.resource(pods).delete({ namespace: 'default', name }, options)
  }

  async logOf(
    name: string,
    query = '',
    container = 'main',
  ): Promise<{ status: number; text: string }> {
    const path = `/containerLogs/default/${name}/${container}${query}`
    const { socketPath } = this.#agent!
    const request = http.get({ socketPath, path, agent: false })
    const response = await new Promise<http.IncomingMessage>((resolve, reject) => {
      request.once('response', resolve)
      request.once('error', reject)
    })
    return { status: response.statusCode ?? 0, text: await text(response) }
  }

  /** "reason: message" of all events about a pod. */
  told(name: string): string[] {
    return this.api
      .list(events)
      .filter(({ involvedObject }) => involvedObject.name === name)
      .map(({ reason, message }) => `${reason}: ${message}`)
  }

  reasons(name: string): string[] {
    return this.told(name).map((one) => one.slice(0, one.indexOf(':')))
  }

  /** The process of a pod's first container. */
  pidOf(pod: Pod): number {
    const id = main(pod)?.containerID?.replace('containerd://', '') ?? ''
    const where = ['--address', this.runtime.socketPath, '-n', 'k8s.io']
    const found = execFileSync('ctr', [...where, 'tasks', 'ls'], { encoding: 'utf8' })
      .split('\n')
      .find((line) => line.startsWith(id))
    return Number(found?.trim().split(/\s+/)[1])
  }
}
