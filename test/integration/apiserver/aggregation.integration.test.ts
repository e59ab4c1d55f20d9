// A server of its own behind an APIService, over real connections, asked by kubectl: it believes who asks because of
// the certificate that the ConfigMap extension-apiserver-authentication tells it of.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { createServer, type Server } from 'node:https'
import { type AddressInfo, connect } from 'node:net'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { TLSSocket } from 'node:tls'
import { promisify } from 'node:util'
import { FRONT_PROXY_USER } from '#apiserver/aggregation/front-proxy.ts'
import {
  SAMPLE_ROOT,
  SAMPLE_TLS,
  sampleApiService,
  samplePlace,
  SampleServer,
} from '#apiserver/aggregation/sample-server.ts'
import { systemClock } from '#base/clock.ts'
import { createAuthority } from '#identity/authority.ts'
import { frontProxyClient } from '#identity/front-proxy-client.ts'
import { startTestServer, type TestServer } from './test-server.ts'

const run = promisify(execFile)
const TIMEOUT_MS = 30_000
/** Of the endpoint; the test's dial leads it to loopback, which real ones refuse. */
const ADDRESS = '10.1.2.3'

const sample = new SampleServer()
let server: TestServer
let aggregated: Server
let port: number

before(async () => {
  const authority = await createAuthority({ commonName: 'front proxy CA', clock: systemClock })
  server = await startTestServer(0, {
    frontProxy: frontProxyClient({ authority, user: FRONT_PROXY_USER, clock: systemClock }),
    dial: async (to) => {
      assert.equal(to.host, ADDRESS)
      const socket = connect({ host: '127.0.0.1', port: to.port })
      await once(socket, 'connect')
      return socket
    },
  })
  const path = '{.data.requestheader-client-ca-file}'
  const ca = await kubectl(
    'get',
    'configmap',
    'extension-apiserver-authentication',
    '-n',
    'kube-system',
    '-o',
    `jsonpath=${path}`,
  )
  aggregated = createServer(
    {
      cert: SAMPLE_TLS.certificatePem,
      key: SAMPLE_TLS.keyPem,
      ca,
      requestCert: true,
      rejectUnauthorized: true,
    },
    (request, response) => {
      const { subject } = (request.socket as TLSSocket).getPeerCertificate()
      assert.equal(subject.CN, FRONT_PROXY_USER)
      sample.handle(request, response)
    },
  )
  aggregated.listen(0, '127.0.0.1')
  await once(aggregated, 'listening')
  port = (aggregated.address() as AddressInfo).port
})
after(async () => {
  await server.close()
  aggregated.closeAllConnections()
  aggregated.close()
})

const environment = () => ({
  ...process.env,
  KUBECONFIG: server.kubeconfig,
  HOME: server.directory,
})

async function kubectl(...args: string[]): Promise<string> {
  const { stdout } = await run('kubectl', args, { env: environment(), timeout: TIMEOUT_MS })
  return stdout.trim()
}

async function piped(object: object, ...args: string[]): Promise<string> {
  const running = run('kubectl', [...args, '-f', '-'], { env: environment(), timeout: TIMEOUT_MS })
  running.child.stdin!.end(JSON.stringify(object))
  return (await running).stdout.trim()
}

async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 100; tries++) {
    if (await holds()) return
    await sleep(100)
  }
  assert.fail(`waited in vain until ${what}`)
}

test('kubectl uses the kinds of an aggregated server like any other', async () => {
  for (const object of samplePlace(ADDRESS, port)) await piped(object, 'create')
  await piped(sampleApiService, 'create')
  const { name } = sampleApiService.metadata
  await kubectl('wait', '--for=condition=Available', `apiservice/${name}`, '--timeout=20s')
  assert.match(await kubectl('get', 'apiservice', name), /wardle\/sample-api\s+True/)

  assert.match(await kubectl('api-resources', '--api-group=wardle.example.com'), /flunders\s+fl/)
  await until('its schema is known', async () =>
    (await kubectl('get', '--raw', '/openapi/v3')).includes('wardle'),
  )
  assert.match(await kubectl('explain', 'flunder.color'), /What it looks like/)
  const flunder = {
    apiVersion: 'wardle.example.com/v1alpha1',
    kind: 'Flunder',
    metadata: { name: 'test-flunder' },
    color: 'blue',
  }
  await piped(flunder, 'create', '--validate=false')
  assert.equal(await kubectl('get', 'fl', '-o', 'name'), 'flunder.wardle.example.com/test-flunder')
  await kubectl('delete', 'flunder', 'test-flunder', '--wait=false')
  assert.equal(await kubectl('get', 'flunders', '-o', 'name'), '')
})

test('the server is told who asks, and not what the client says of itself', async () => {
  await kubectl(
    'create',
    'clusterrole',
    'flunderer',
    '--verb=list',
    '--resource=flunders.wardle.example.com',
  )
  await kubectl('create', 'clusterrolebinding', 'jane', '--clusterrole=flunderer', '--user=jane')
  await kubectl(
    'get',
    '--raw',
    `${SAMPLE_ROOT}/namespaces/default/flunders`,
    '--as=jane',
    '--as-group=x',
  )
  const { headers } = sample.asked.at(-1)!
  assert.equal(headers['x-remote-user'], 'jane')
  assert.equal(headers['x-remote-group'], 'x, system:authenticated')
  assert.equal(headers['impersonate-user'], undefined)
  assert.equal(headers.authorization, undefined)
})

test('its status can be read, replaced and patched', async () => {
  const { name } = sampleApiService.metadata
  const patch = '{"metadata":{"labels":{"patched":"yes"}}}'
  await kubectl('patch', 'apiservice', name, '--type=merge', '-p', patch)
  const condition = {
    type: 'StatusUpdate',
    status: 'True',
    reason: 'E2E',
    message: 'Set from a test',
  }
  await kubectl(
    'patch',
    'apiservice',
    name,
    '--subresource=status',
    '--type=json',
    '-p',
    JSON.stringify([{ op: 'add', path: '/status/conditions/-', value: condition }]),
  )
  const read = JSON.parse(
    await kubectl('get', 'apiservice', name, '-o', 'json'),
  ) as typeof sampleApiService & {
    status: { conditions: { type: string; message: string }[] }
  }
  for (const one of read.status.conditions)
    if (one.type === 'StatusUpdate') one.message = 'Replaced'
  await piped(read, 'replace', '--subresource=status')
  const message = '{.status.conditions[?(@.type=="StatusUpdate")].message}'
  assert.equal(await kubectl('get', 'apiservice', name, '-o', `jsonpath=${message}`), 'Replaced')
  const types = await kubectl(
    'get',
    'apiservice',
    name,
    '-o',
    'jsonpath={.status.conditions[*].type}',
  )
  assert.deepEqual(new Set(types.split(' ')), new Set(['Available', 'StatusUpdate']))
})

test('without its APIService nothing is left of it', async () => {
  await kubectl('delete', 'apiservice', '-l', 'patched=yes')
  await until('the group is gone', async () => {
    const groups = await kubectl('get', '--raw', '/apis')
    return !groups.includes('wardle.example.com')
  })
})
