// An API server, a node agent and a real containerd, and clients of every streaming protocol.
import type { IncomingMessage } from 'node:http'
import { connect } from 'node:net'
import { type Duplex } from 'node:stream'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { WebSocket } from 'ws'
import { systemClock } from '#base/clock.ts'
import { silentLogger } from '#base/log.ts'
import { systemRandom } from '#base/random.ts'
import { createClient } from '#client/create-client.ts'
import { createInformerFactory } from '#client/informer-factory.ts'
import { loadKubeconfig } from '#client/kubeconfig.ts'
import type { HttpsTransportOptions } from '#client/https-transport.ts'
import type { Client } from '#client/types.ts'
import type { Container, Pod, PodSpec } from '#kinds/k8s/core.ts'
import { pods, serviceAccounts } from '#kinds/refs.ts'
import { createNodeAgent } from '#node/create-node-agent.ts'
import { requestUpgrade } from '#streams/request-upgrade.ts'
import { startTestServer, TEST_TOKEN } from '../apiserver/test-server.ts'
import { startTestContainerd, type TestContainerd } from '../node/test-containerd.ts'
import { busyboxImage } from '../node/test-images.ts'

const TIMEOUT_MS = 30_000
const resources = { cpu: '2', memory: '2Gi', pods: '110', 'ephemeral-storage': '10Gi' }

export interface StreamBench {
  runtime: TestContainerd
  client: Client
  /** How to reach the cluster as its administrator. */
  server: HttpsTransportOptions
  /** Another node agent in place of the running one: all streams end. */
  restartAgent(): Promise<void>
  run(name: string, container?: Partial<Container>, spec?: Partial<PodSpec>): Promise<void>
  /** A request for SPDY; `authorization` stands in for the administrator's. */
  spdy(path: string, protocols: readonly string[], authorization?: string): Promise<Duplex>
  webSocket(
    path: string,
    protocols: readonly string[],
    authorization?: string,
    headers?: Record<string, string>,
  ): Promise<WebSocket>
  stop(): Promise<void>
}

export const podPath = (pod: string, stream: string) =>
  `/api/v1/namespaces/default/pods/${pod}/${stream}`

export async function startStreamBench(): Promise<StreamBench> {
  const runtime = await startTestContainerd()
  const socketPath = `${runtime.runDirectory}/agent.sock`
  const api = await startTestServer(0, { dialNode: async () => connect(socketPath) })
  const cluster = api.clusters.get('local')!
  const admin = { username: 'admin', groups: ['system:masters'] }
  const client = createClient(cluster.call(admin))
  const log = silentLogger
  const informers = createInformerFactory({
    client,
    clock: systemClock,
    random: systemRandom,
    log,
  })
  const newAgent = () =>
    createNodeAgent({
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
  informers.start()
  await informers.synced()
  await client.resource(serviceAccounts).create({
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: { name: 'default', namespace: 'default' },
  })
  let agent = newAgent()
  await agent.start()
  const { transport: server } = await loadKubeconfig(api.kubeconfig, 'local')
  const url = (scheme: string, path: string) =>
    `${scheme}://127.0.0.1:${api.port}/clusters/local${path}`
  return {
    runtime,
    client,
    server,
    async restartAgent() {
      await agent.stop()
      agent = newAgent()
      await agent.start()
    },
    run: (name, container = {}, spec = {}) => runPod(client, name, container, spec),
    async spdy(path, protocols, authorization = `Bearer ${TEST_TOKEN}`) {
      const { transport } = await requestUpgrade({
        url: new URL(url('https', path)),
        protocol: 'SPDY/3.1',
        headers: { authorization, 'x-stream-protocol-version': protocols.join(', ') },
        ca: api.caPem,
        clock: systemClock,
      })
      return transport
    },
    webSocket(path, protocols, authorization = `Bearer ${TEST_TOKEN}`, more = {}) {
      const headers = { ...more, ...(authorization === '' ? {} : { authorization }) }
      return opened(new WebSocket(url('wss', path), [...protocols], { ca: api.caPem, headers }))
    },
    async stop() {
      await agent.stop()
      await informers.stop()
      await api.close()
      await runtime.destroy()
    },
  }
}

function opened(socket: WebSocket): Promise<WebSocket> {
  return new Promise((resolve, reject) => {
    socket.once('open', () => resolve(socket))
    socket.on('error', reject)
    socket.once('unexpected-response', (_request, response: IncomingMessage) => {
      void text(response).then((body) => reject(new Error(`${response.statusCode} ${body.trim()}`)))
    })
  })
}

async function runPod(
  client: Client,
  name: string,
  container: Partial<Container>,
  spec: Partial<PodSpec>,
): Promise<void> {
  const pod: Pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'default' },
    spec: {
      nodeName: 'm1',
      terminationGracePeriodSeconds: 0,
      automountServiceAccountToken: false,
      ...spec,
      containers: [{ name: 'main', image: busyboxImage, ...container }],
    },
  }
  await client.resource(pods).create(pod)
  const deadline = Date.now() + TIMEOUT_MS
  for (;;) {
    const { status } = await client.resource(pods).get({ namespace: 'default', name })
    if (status?.phase === 'Running' && status.containerStatuses?.every(({ ready }) => ready)) return
    if (Date.now() > deadline) throw new Error(`${name} stays at ${JSON.stringify(status)}`)
    await sleep(50)
  }
}
