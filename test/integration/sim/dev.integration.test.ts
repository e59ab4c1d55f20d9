// npm run dev as somebody who is not root: a cluster over HTTPS that runs a deployment, and ends clean.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync } from 'node:fs'
import { text } from 'node:stream/consumers'
import { test, type TestContext } from 'node:test'
import { systemClock } from '#base/clock.ts'
import { createClient } from '#client/create-client.ts'
import { httpsTransport } from '#client/https-transport.ts'
import { loadKubeconfig } from '#client/kubeconfig.ts'
import { until } from '#client/until.ts'
import type { Client } from '#client/types.ts'
import { containerServices } from '#kinds/ccs/container-service.ts'
import type { Deployment } from '#kinds/k8s/apps.ts'
import { deployments, nodes, pods } from '#kinds/refs.ts'
import { type Dev, DEV_MAIN, skipDev, startDev } from './start-dev.ts'

const TIMEOUT_MS = 30_000

interface Running extends Dev {
  clientOf: (context: string) => Promise<Client>
}

async function start(context: TestContext): Promise<Running> {
  const dev = await startDev('--nodes', '2', '--seed', '5')
  context.after(() => dev.close())
  const clientOf = async (name: string) => {
    const { transport } = await loadKubeconfig(dev.kubeconfig, name)
    const https = httpsTransport(transport)
    context.after(() => https.close())
    return createClient(https.call)
  }
  return { ...dev, clientOf }
}

const web: Deployment = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web', namespace: 'default' },
  spec: {
    replicas: 3,
    selector: { matchLabels: { app: 'web' } },
    template: {
      metadata: { labels: { app: 'web' } },
      spec: { containers: [{ name: 'main', image: 'sim/app:1' }] },
    },
  },
}

/** A run that hangs must not hold up the others. */
const options = { skip: skipDev, timeout: 120_000 }

test('npm run dev serves a simulated cluster without root', options, async (context) => {
  const dev = await start(context)
  const client = await dev.clientOf('ccs-simulated')
  const waiting = { timeoutMs: TIMEOUT_MS, clock: systemClock }

  assert.equal((await client.resource(nodes).list()).items.length, 2)
  await client.resource(deployments).create(web)
  const isReady = (deployment: Deployment | undefined) =>
    deployment?.status?.readyReplicas === web.spec.replicas
  await until({ client, kind: deployments, place: web.metadata }, isReady, {
    ...waiting,
    what: 'become ready',
  })

  const { items } = await client.resource(pods).list({ labelSelector: 'app=web' })
  const zones = new Set(items.map(({ spec }) => spec?.nodeName))
  assert.equal(zones.size, 2)
  const log = client.resource(pods).stream(items[0]!.metadata, 'log', {})
  assert.match(await text(log), /^simulated: nothing of sim\/app:1 runs here/)

  const hub = await dev.clientOf('ccs-hub')
  const sample = {
    client: hub,
    kind: containerServices,
    place: { namespace: 'demo', name: 'hello' },
  }
  await until(sample, (service) => service?.status?.phase === 'Ready', waiting)

  dev.process.kill('SIGINT')
  const [code] = (await once(dev.process, 'exit')) as [number | null]
  assert.equal(code, 0)
  assert.ok(existsSync(dev.directory))
  assert.deepEqual(readdirSync(dev.directory), [])
})

test(
  'npm run dev says what is wrong with its options and with a port that is taken',
  options,
  async (context) => {
    const first = await start(context)
    const client = await first.clientOf('ccs-simulated')
    await client.raw('/version')
    const run = async (...args: string[]) => {
      const child = spawn(process.execPath, [DEV_MAIN, ...args], {
        stdio: ['ignore', 'ignore', 'pipe'],
      })
      const [said, [code]] = await Promise.all([text(child.stderr), once(child, 'exit')])
      return { said, code: code as number }
    }
    const badNodes = await run('--nodes', '0')
    assert.match(badNodes.said, /--nodes.*It must be a whole number from 1 to 100/)
    assert.notEqual(badNodes.code, 0)
    const { transport } = await loadKubeconfig(first.kubeconfig, 'ccs-hub')
    const taken = await run('--port', new URL(transport.server).port)
    assert.match(taken.said, /port \d+ of 127\.0\.0\.1 is taken/)
    assert.equal(taken.code, 1)
  },
)
