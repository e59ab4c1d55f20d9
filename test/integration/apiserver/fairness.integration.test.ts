// Fair queueing between users, over HTTPS: creates are held back by an admission plugin, so that seats are taken for
// as long as a test likes.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { IncomingHttpHeaders } from 'node:http'
import { Agent, request as httpsRequest } from 'node:https'
import { after, afterEach, before, test } from 'node:test'
import { json, text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import type { AdmissionPlugin } from '#apiserver/admission/plugin.ts'
import { createClient } from '#client/create-client.ts'
import { hashToken } from '#identity/secret-token.ts'
import type { KubeObject, Status } from '#kinds/object.ts'
import { clusterRoleBindings, flowSchemas, priorityLevelConfigurations } from '#kinds/refs.ts'
import { startTestServer, type TestServer } from './test-server.ts'

const CONFIG_MAPS = '/api/v1/namespaces/default/configmaps'
const DUMPS = '/debug/api_priority_and_fairness'
/** One share of 246, of 600 seats; it borrows none. */
const LEVEL_SEATS = 3
const QUEUE_LENGTH = 4

const users: Record<string, { username: string; groups: string[] }> = {
  admin: { username: 'admin', groups: ['system:masters'] },
  elephant: { username: 'elephant', groups: ['zoo'] },
  mouse: { username: 'mouse', groups: ['zoo'] },
}

/** Creates whose name begins with "held-" wait here. */
const held = new Map<string, () => void>()
const holdBack: AdmissionPlugin = {
  name: 'HoldBack',
  async admit({ name, operation }) {
    if (operation !== 'CREATE' || !name.startsWith('held-')) return
    await new Promise<void>((resolve) => held.set(name, resolve))
  },
}

let api: TestServer
let agent: Agent

before(async () => {
  api = await startTestServer(0, {
    admission: [holdBack],
    findToken: (hash) => Object.values(users).find((one) => hashToken(one.username) === hash),
  })
  agent = new Agent({ ca: api.caPem, keepAlive: true, maxSockets: Infinity })
  const client = createClient(api.clusters.get('hub')!.call(users['admin']!))
  await client.resource(priorityLevelConfigurations).create({
    apiVersion: 'flowcontrol.apiserver.k8s.io/v1',
    kind: 'PriorityLevelConfiguration',
    metadata: { name: 'zoo' },
    spec: {
      type: 'Limited',
      limited: {
        nominalConcurrencyShares: 1,
        borrowingLimitPercent: 0,
        limitResponse: {
          type: 'Queue',
          queuing: { queues: 128, handSize: 2, queueLengthLimit: QUEUE_LENGTH },
        },
      },
    },
  })
  await client.resource(flowSchemas).create({
    apiVersion: 'flowcontrol.apiserver.k8s.io/v1',
    kind: 'FlowSchema',
    metadata: { name: 'zoo' },
    spec: {
      priorityLevelConfiguration: { name: 'zoo' },
      matchingPrecedence: 500,
      distinguisherMethod: { type: 'ByUser' },
      rules: [
        {
          subjects: [{ kind: 'Group', group: { name: 'zoo' } }],
          resourceRules: [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'], namespaces: ['*'] }],
        },
      ],
    },
  })
  await client.resource(clusterRoleBindings).create({
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRoleBinding',
    metadata: { name: 'zoo' },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' },
    subjects: [{ kind: 'Group', apiGroup: 'rbac.authorization.k8s.io', name: 'zoo' }],
  })
})

afterEach(async () => {
  while (Number((await levelRow('zoo'))['ExecutingRequests']) > 0) {
    for (const [name, goOn] of held) {
      held.delete(name)
      goOn()
    }
    await sleep(5)
  }
})

after(async () => {
  agent?.destroy()
  await api?.close()
})

interface Answer {
  status: number
  headers: IncomingHttpHeaders
  body: KubeObject & Status
}

function send(user: string, method: string, path: string, body?: object) {
  const request = httpsRequest({
    agent,
    host: '127.0.0.1',
    servername: 'localhost',
    port: api.port,
    method,
    path,
    headers: { authorization: `Bearer ${user}`, 'content-type': 'application/json' },
  })
  request.end(body && JSON.stringify(body))
  return request
}

async function ask(...args: Parameters<typeof send>): Promise<Answer> {
  const [response] = await once(send(...args), 'response')
  const { statusCode: status, headers } = response
  return { status, headers, body: (await json(response)) as Answer['body'] }
}

const create = (user: string, name: string) =>
  ask(user, 'POST', CONFIG_MAPS, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name } })

async function dumpOf(what: string): Promise<Record<string, string>[]> {
  const [response] = await once(send('admin', 'GET', `${DUMPS}/${what}`), 'response')
  assert.equal(response.statusCode, 200)
  const [head, ...rows] = (await text(response)).trimEnd().split('\n')
  const columns = head!.split(/, */)
  return rows.map((row) =>
    Object.fromEntries(row.split(/, */).map((value, at) => [columns[at]!, value])),
  )
}

const levelRow = async (name: string) =>
  (await dumpOf('dump_priority_levels')).find((row) => row['PriorityLevelName'] === name)!

async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await sleep(5)
}

async function release(name: string): Promise<void> {
  await until(() => held.has(name))
  const goOn = held.get(name)!
  held.delete(name)
  goOn()
}

test('every answer names its flow schema and its priority level', async () => {
  const client = createClient(api.clusters.get('hub')!.call(users['admin']!))
  const uids = async (schema: string, level: string) => [
    (await client.resource(flowSchemas).get({ name: schema })).metadata.uid,
    (await client.resource(priorityLevelConfigurations).get({ name: level })).metadata.uid,
  ]
  const named = ({ headers }: Answer) => [
    headers['x-kubernetes-pf-flowschema-uid'],
    headers['x-kubernetes-pf-prioritylevel-uid'],
  ]
  assert.deepEqual(named(await ask('admin', 'GET', CONFIG_MAPS)), await uids('exempt', 'exempt'))
  assert.deepEqual(named(await ask('mouse', 'GET', CONFIG_MAPS)), await uids('zoo', 'zoo'))
  const missing = await ask('mouse', 'GET', `${CONFIG_MAPS}/no-such`)
  assert.equal(missing.status, 404)
  assert.deepEqual(named(missing), await uids('zoo', 'zoo'))
})

test('while one user floods his level, another is served and he himself is told to come again', async () => {
  const flood = Array.from({ length: 40 }, (_, i) => create('elephant', `held-flood-${i}`))
  await until(async () => Number((await levelRow('zoo'))['RejectedRequests']) > 0)
  await until(() => held.size === LEVEL_SEATS)

  const refused = await Promise.race(flood)
  assert.equal(refused.status, 429)
  assert.equal(refused.headers['retry-after'], '1')
  assert.equal(refused.body.reason, 'TooManyRequests')
  assert.equal(refused.body.message, 'Too many requests, please try again later.')
  assert.ok(refused.headers['x-kubernetes-pf-flowschema-uid'])

  const admin = await create('admin', 'of-admin')
  assert.equal(admin.status, 201, 'administrators are exempt')
  const queues = (await dumpOf('dump_queues')).filter((row) => row['PriorityLevelName'] === 'zoo')
  assert.deepEqual(
    queues.map((row) => row['PendingRequests']),
    [String(QUEUE_LENGTH), String(QUEUE_LENGTH)],
  )

  const mouse = create('mouse', 'of-mouse')
  await until(async () => {
    const waiting = await dumpOf('dump_requests')
    return waiting.some((row) => row['FlowDistingsher'] === 'mouse')
  })
  // Two queues of the elephant have had nothing yet: each may come first once.
  let hasAnswer = false
  void mouse.then(() => (hasAnswer = true))
  let ended = 0
  for (; ; ended++) {
    await until(() => hasAnswer || held.size === LEVEL_SEATS)
    if (hasAnswer) break
    assert.ok(ended < 3, 'the mouse waits behind the elephant')
    await release([...held.keys()][0]!)
  }
  assert.equal((await mouse).status, 201)

  for (let served = ended; served < LEVEL_SEATS + 2 * QUEUE_LENGTH; served++) {
    await until(() => held.size > 0)
    await release([...held.keys()][0]!)
  }
  const statuses = (await Promise.all(flood)).map(({ status }) => status)
  assert.equal(statuses.filter((status) => status === 201).length, LEVEL_SEATS + 2 * QUEUE_LENGTH)
  assert.equal(
    statuses.filter((status) => status === 429).length,
    40 - LEVEL_SEATS - 2 * QUEUE_LENGTH,
  )
})

test('a client that goes while it waits leaves its queue', async () => {
  const flood = Array.from({ length: LEVEL_SEATS }, (_, i) => create('elephant', `held-gone-${i}`))
  await until(() => held.size === LEVEL_SEATS)
  const before = Number((await levelRow('zoo'))['CancelledRequests'])
  const waiting = send('mouse', 'GET', CONFIG_MAPS)
  waiting.on('error', () => undefined)
  await until(async () => (await dumpOf('dump_requests')).length === 1)
  waiting.destroy()
  await until(async () => (await dumpOf('dump_requests')).length === 0)
  assert.equal(Number((await levelRow('zoo'))['CancelledRequests']), before + 1)
  for (let i = 0; i < LEVEL_SEATS; i++) await release(`held-gone-${i}`)
  await Promise.all(flood)
})

test('a watch holds no seat once it has begun', async () => {
  const watches = Array.from({ length: LEVEL_SEATS + 2 }, () =>
    send('mouse', 'GET', `${CONFIG_MAPS}?watch=true`),
  )
  for (const watch of watches) {
    const [response] = await once(watch, 'response')
    assert.equal(response.statusCode, 200)
  }
  assert.equal((await levelRow('zoo'))['ExecutingRequests'], '0')
  for (const watch of watches) watch.destroy()
})

test('what a flow schema says holds from the next request on', async () => {
  const client = createClient(api.clusters.get('hub')!.call(users['admin']!))
  const level = async () =>
    (await ask('mouse', 'GET', CONFIG_MAPS)).headers['x-kubernetes-pf-prioritylevel-uid']
  const uidOf = async (name: string) =>
    (await client.resource(priorityLevelConfigurations).get({ name })).metadata.uid
  const point = (name: string) =>
    client
      .resource(flowSchemas)
      .patch({ name: 'zoo' }, { spec: { priorityLevelConfiguration: { name } } })
  await point('workload-high')
  assert.equal(await level(), await uidOf('workload-high'))
  // The level is not there: the schema dangles, and the next one that fits is taken.
  await point('no-such-level')
  assert.equal(await level(), await uidOf('global-default'))
  await point('zoo')
  assert.equal(await level(), await uidOf('zoo'))
})
