// What real kubectl does, as the audit log tells it: who, what, how it ended, and never a secret.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { createServer, type Server } from 'node:http'
import { request } from 'node:https'
import { existsSync, readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { type AddressInfo, connect } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, afterEach, before, test } from 'node:test'
import { promisify } from 'node:util'
import { type AuditLog, createAuditLog } from '#apiserver/audit/audit-log.ts'
import { defaultPolicy } from '#apiserver/audit/default-policy.ts'
import { systemClock } from '#base/clock.ts'
import { silentLogger } from '#base/log.ts'
import { createClient } from '#client/create-client.ts'
import type { Client } from '#client/types.ts'
import type { AuditEvent, AuditPolicy } from '#kinds/k8s/audit.ts'
import type { ConfigMap, Pod } from '#kinds/k8s/core.ts'
import { nodes, pods, serviceAccounts } from '#kinds/refs.ts'
import { acceptWebSocket, negotiate } from '#node/streaming/accept-client.ts'
import { webSocketCommandProtocols } from '#streams/command/protocols.ts'
import { webSocketCommand } from '#streams/websocket/web-socket-command.ts'
import { startTestServer, TEST_TOKEN, type TestServer } from './test-server.ts'

const run = promisify(execFile)
const TIMEOUT_MS = 30_000
const PODS = '/api/v1/namespaces/default/pods'

let server: TestServer
let kubelet: Server
let directory: string
let auditLog: AuditLog
let policy: AuditPolicy = defaultPolicy

/** A kubelet whose commands say "ran", and whose proxied pages say "page". */
function startKubelet(): Promise<Server> {
  const started = createServer((_request, response) => void response.end('page'))
  started.on('upgrade', (asked, socket, head) => {
    const protocol = negotiate(asked, webSocketCommandProtocols)
    const call = { request: asked, socket, head }
    void acceptWebSocket(call, protocol).then((client) => {
      const streams = { stdin: false, stdout: true, stderr: true, tty: false }
      const session = webSocketCommand({
        socket: client,
        protocol,
        streams,
        role: 'server',
        clock: systemClock,
      })
      session.channels.stdout?.end('ran\n')
      session.channels.stderr?.end()
      session.channels.error?.end(JSON.stringify({ metadata: {}, status: 'Success' }))
      session.close()
    })
  })
  return new Promise((resolve) => started.listen(0, '127.0.0.1', () => resolve(started)))
}

const runningPod: Pod = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'p', namespace: 'default' },
  spec: { nodeName: 'n1', containers: [{ name: 'main', image: 'i' }] },
}

async function fill(client: Client): Promise<void> {
  const metadata = { name: 'default', namespace: 'default' }
  await client
    .resource(serviceAccounts)
    .create({ apiVersion: 'v1', kind: 'ServiceAccount', metadata })
  await client.resource(pods).create(runningPod)
  await client
    .resource(nodes)
    .create({ apiVersion: 'v1', kind: 'Node', metadata: { name: 'n1' }, spec: {} })
}

before(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'ccs-audit-log-'))
  kubelet = await startKubelet()
  const { port } = kubelet.address() as AddressInfo
  auditLog = createAuditLog({ directory, clock: systemClock, log: silentLogger })
  server = await startTestServer(0, {
    audit: { policy: () => policy, sink: auditLog.sinkOf('hub') },
    dialNode: () => Promise.resolve(connect(port, '127.0.0.1')),
  })
  const admin = { username: 'admin', groups: ['system:masters'] }
  await fill(createClient(server.clusters.get('hub')!.call(admin)))
})
after(async () => {
  await server.close()
  kubelet.close()
  await auditLog.close()
  await rm(directory, { recursive: true, force: true })
})
afterEach(async () => {
  policy = defaultPolicy
  await auditLog.flush()
  await rm(directory, { recursive: true, force: true })
})

async function kubectl(...args: string[]): Promise<string> {
  const env = { ...process.env, KUBECONFIG: server.kubeconfig, HOME: server.directory }
  const { stdout } = await run('kubectl', args, { env, timeout: TIMEOUT_MS })
  return stdout.trim()
}

const refused = (...args: string[]): Promise<void> => assert.rejects(kubectl(...args))

async function logText(): Promise<string> {
  await auditLog.flush()
  const file = path.join(directory, 'hub.log')
  return existsSync(file) ? readFileSync(file, 'utf8') : ''
}

async function events(): Promise<AuditEvent[]> {
  const lines = (await logText()).split('\n').filter((line) => line !== '')
  return lines.map((line) => JSON.parse(line) as AuditEvent)
}

/** "create secrets default/s 201": what most of an event comes to. */
function brief({ verb, objectRef = {}, responseStatus, stage }: AuditEvent): string {
  const { resource = '', subresource, namespace = '', name = '' } = objectRef
  const type = subresource === undefined ? resource : `${resource}/${subresource}`
  const short = stage === 'ResponseComplete' ? '' : ` ${stage}`
  return `${verb} ${type} ${namespace}/${name} ${responseStatus?.code}${short}`
}

/** Sessions end a moment after kubectl has. */
async function untilLogged(wanted: string): Promise<AuditEvent[]> {
  const deadline = systemClock.monotonic() + TIMEOUT_MS
  for (;;) {
    const all = await events()
    if (all.some((event) => brief(event) === wanted)) return all
    const found = all.map(brief).join('\n')
    assert.ok(systemClock.monotonic() < deadline, `"${wanted}" was not logged, only\n${found}`)
    await systemClock.sleep(20)
  }
}

interface Answer {
  status: number
  auditId: string | undefined
}

function ask(url: string, headers: Record<string, string>, method = 'GET'): Promise<Answer> {
  const { port, caPem: ca } = server
  return new Promise((resolve, reject) => {
    const call = request({ port, ca, host: 'localhost', path: url, method, headers }, (answer) => {
      answer.resume()
      const auditId = answer.headers['audit-id'] as string | undefined
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, auditId }))
    })
    call.on('error', reject)
    call.end()
  })
}

const SECRET = 'hunter2-very-secret'

test('what kubectl changes is told with user and outcome, and without a secret', async () => {
  await kubectl('create', 'secret', 'generic', 's', `--from-literal=password=${SECRET}`)
  await kubectl('get', 'secret', 's', '-o', 'yaml')
  await kubectl('annotate', 'secret', 's', `note=${SECRET}`)
  const token = await kubectl('create', 'token', 'default')
  await kubectl('delete', 'secret', 's')
  await refused('delete', 'secret', 's', '--as', 'bob')
  await refused('create', 'configmap', 'x', '--as', 'bob', '--as-group', 'dev')
  const all = await events()
  assert.deepEqual(all.map(brief), [
    'create secrets default/s 201',
    'get secrets default/s 200',
    'get secrets default/s 200',
    'patch secrets default/s 200',
    'create serviceaccounts/token default/default 201',
    'delete secrets default/s 200',
    // kubectl waits until it is gone.
    'get secrets default/s 404',
    'delete secrets default/s 403',
    'create configmaps default/x 403',
  ])
  const [created] = all
  assert.equal(created?.user.username, 'admin')
  assert.deepEqual(created?.user.groups, ['system:masters', 'system:authenticated'])
  assert.match(created?.userAgent ?? '', /^kubectl\//)
  assert.deepEqual(created?.sourceIPs, ['127.0.0.1'])
  assert.equal(created?.annotations?.['authorization.k8s.io/decision'], 'allow')
  const last = all.at(-1)
  assert.equal(last?.user.username, 'admin')
  assert.equal(last?.impersonatedUser?.username, 'bob')
  assert.deepEqual(last?.impersonatedUser?.groups, ['dev', 'system:authenticated'])
  assert.equal(last?.responseStatus?.reason, 'Forbidden')
  assert.equal(last?.annotations?.['authorization.k8s.io/decision'], 'forbid')
  const text = await logText()
  for (const secret of [SECRET, Buffer.from(SECRET).toString('base64'), token])
    assert.ok(!text.includes(secret), `${secret.slice(0, 12)}... is in the log`)
})

test('also under a policy that wants all of everything', async () => {
  policy = { rules: [{ level: 'RequestResponse' }] }
  const place = path.join(server.directory, 'secret.json')
  const secret = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 't' } }
  await writeFile(place, JSON.stringify({ ...secret, stringData: { password: SECRET } }))
  await kubectl('apply', '-f', place)
  await writeFile(place, JSON.stringify({ ...secret, stringData: { password: [SECRET] } }))
  await refused('replace', '-f', place, '--validate=false')
  await refused('replace', '--raw', '/api/v1/namespaces/default/secrets/t', '-f', '/dev/null')
  await kubectl('get', 'secrets', '-o', 'json')
  const token = await kubectl('create', 'token', 'default')
  await kubectl('create', 'configmap', 'c', '--from-literal=a=b')
  await ask(`/api/v1/namespaces?access_token=${TEST_TOKEN}`, {
    authorization: `Bearer ${TEST_TOKEN}`,
  })
  await ask('/api/v1/namespaces', { authorization: 'Bearer wrong-and-secret' })
  const text = await logText()
  for (const hidden of [
    SECRET,
    Buffer.from(SECRET).toString('base64'),
    token,
    TEST_TOKEN,
    'wrong-and-secret',
  ])
    assert.ok(!text.includes(hidden), `${hidden.slice(0, 12)}... is in the log`)
  const all = await events()
  const made = all.find((event) => brief(event) === 'create configmaps default/c 201')
  assert.ok(made)
  assert.deepEqual((made.requestObject as ConfigMap).data, { a: 'b' })
  assert.equal(typeof (made.responseObject as ConfigMap).metadata.uid, 'string')
  const unknown = all.at(-1)
  assert.equal(unknown?.stage, 'ResponseStarted')
  assert.equal(unknown?.responseStatus?.code, 401)
  assert.equal(unknown?.responseStatus?.message, 'Authentication failed, attempted: bearer')
})

test('sessions are told when they begin and when they end, those that nobody opens too', async () => {
  assert.equal(await kubectl('exec', 'p', '--', 'cat', '/etc/hostname'), 'ran')
  const verbs = ['get', 'create'].map((verb) => `${verb} pods/exec default/p 101`)
  const all = await untilLogged(verbs[0]!)
  const ofExec = all.filter(({ objectRef }) => objectRef?.subresource === 'exec')
  assert.deepEqual(ofExec.map(brief), [`${verbs[0]} ResponseStarted`, verbs[0]])
  assert.match(ofExec[0]?.requestURI ?? '', /\/exec\?command=cat&command=%2Fetc%2Fhostname&/)
  assert.equal(new Set(ofExec.map(({ auditID }) => auditID)).size, 1)
  const answer = await ask(`${PODS}/p/exec?command=id&stdout=true`, {
    authorization: `Bearer ${TEST_TOKEN}`,
    'impersonate-user': 'bob',
    connection: 'Upgrade',
    upgrade: 'websocket',
    'audit-id': 'refused',
  })
  assert.deepEqual(answer, { status: 403, auditId: 'refused' })
  const later = await untilLogged('get pods/exec default/p 403')
  const ofBob = later.filter(({ impersonatedUser }) => impersonatedUser?.username === 'bob')
  assert.deepEqual(
    ofBob.map(({ stage }) => stage),
    ['ResponseStarted', 'ResponseComplete'],
  )
  assert.equal(ofBob[1]?.annotations?.['authorization.k8s.io/decision'], 'forbid')
})

test('who uses what is deprecated is told', async () => {
  policy = { rules: [{ level: 'Metadata' }], omitStages: ['RequestReceived'] }
  await kubectl('get', 'endpoints')
  const [event] = (await events()).filter(({ objectRef }) => objectRef?.resource === 'endpoints')
  assert.equal(event?.annotations?.['k8s.io/deprecated'], 'true')
})

test('proxied requests and watches are told', async () => {
  policy = { rules: [{ level: 'Metadata' }], omitStages: ['RequestReceived'] }
  const authorization = `Bearer ${TEST_TOKEN}`
  const proxied = await ask('/api/v1/nodes/n1/proxy/logs/?token=abc', { authorization })
  assert.equal(proxied.status, 200)
  await ask(`${PODS}?watch=true&timeoutSeconds=1`, { authorization })
  const all = await untilLogged('watch pods default/ 200')
  assert.deepEqual(all.map(brief), [
    'get nodes/proxy /n1 200 ResponseStarted',
    'get nodes/proxy /n1 200',
    'watch pods default/ 200 ResponseStarted',
    'watch pods default/ 200',
  ])
  assert.equal(all[0]?.requestURI, '/api/v1/nodes/n1/proxy/logs/?token=REDACTED')
})

test('a request has the id that its client gave it, in the answer and in the log', async () => {
  policy = { rules: [{ level: 'None', nonResourceURLs: ['/healthz'] }, { level: 'Metadata' }] }
  const authorization = `Bearer ${TEST_TOKEN}`
  const given = await ask('/api/v1/nodes', { authorization, 'audit-id': 'mine-1' })
  assert.deepEqual(given, { status: 200, auditId: 'mine-1' })
  const long = await ask('/api/v1/nodes', { authorization, 'audit-id': 'x'.repeat(65) })
  const noise = await ask('/healthz', {})
  assert.match(long.auditId ?? '', /^[\da-f-]{36}$/)
  assert.match(noise.auditId ?? '', /^[\da-f-]{36}$/)
  const told = (await events()).map(({ auditID, stage }) => [auditID, stage])
  assert.deepEqual(
    told,
    ['mine-1', long.auditId].flatMap((id) => [
      [id, 'RequestReceived'],
      [id, 'ResponseComplete'],
    ]),
  )
})
