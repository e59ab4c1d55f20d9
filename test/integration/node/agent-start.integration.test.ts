// An agent whose runtime is not quite there when it starts.
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { systemClock } from '#base/clock.ts'
import { silentLogger } from '#base/log.ts'
import { systemRandom } from '#base/random.ts'
import { createClient } from '#client/create-client.ts'
import { fakeApi } from '#client/fake-api.ts'
import { pods } from '#kinds/refs.ts'
import { unmountUnder } from '#linux/mounts.ts'
import { createNodeAgent } from '#node/create-node-agent.ts'
import { fakeRuntime } from '#node/runtime/fake-runtime.ts'
import { RuntimeError } from '#node/runtime/runtime.ts'
import { isReady } from './test-agent.ts'

const TIMEOUT_MS = 20_000
const resources = { cpu: '2', memory: '2Gi', pods: '110' }

test('an agent takes up its pods although the first look at the runtime failed', async (t) => {
  const root = await mkdtemp(path.join(os.tmpdir(), 'ccs-agent-'))
  const runtime = fakeRuntime(systemClock)
  runtime.present.add('app:1')
  runtime.fail('listSandboxes', new RuntimeError('Unavailable', 'not yet'))
  const api = fakeApi({ clock: systemClock, random: systemRandom })
  const agent = createNodeAgent({
    nodeName: 'm1',
    machine: {
      zone: 'zone-a',
      region: 'local',
      address: '127.0.0.1',
      podCIDR: '10.0.0.0/24',
      runtimeSocket: path.join(root, 'runtime.sock'),
      directory: path.join(root, 'disk'),
      runDirectory: path.join(root, 'run'),
      podsCgroup: '/test/pods',
      capacity: resources,
      allocatable: resources,
      instanceType: 'test',
    },
    client: createClient(api.call),
    clusterDns: { address: '10.0.0.10', domain: 'cluster.local' },
    isMachineAnswering: () => true,
    pullCredentials: () => undefined,
    clock: systemClock,
    random: systemRandom,
    log: silentLogger,
    parts: {
      runtime,
      prober: async () => ({ ok: true, output: '' }),
      cgroups: { prepare: () => undefined, remove: () => undefined },
      mountMemory: async () => undefined,
    },
  })
  await agent.start()
  t.after(async () => {
    await agent.stop()
    await unmountUnder(root)
    await rm(root, { recursive: true })
  })
  await createClient(api.call)
    .resource(pods)
    .create({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'web', namespace: 'default' },
      spec: {
        nodeName: 'm1',
        restartPolicy: 'Always',
        containers: [{ name: 'main', image: 'app:1' }],
      },
    })
  const deadline = Date.now() + TIMEOUT_MS
  for (;;) {
    const pod = api.get(pods, { namespace: 'default', name: 'web' })
    if (pod !== undefined && isReady(pod)) return
    if (Date.now() > deadline) assert.fail(`the pod stays at ${JSON.stringify(pod?.status)}`)
    await sleep(20)
  }
})
