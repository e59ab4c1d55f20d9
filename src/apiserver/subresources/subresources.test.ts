import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { Duplex } from 'node:stream'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import { rfc3339 } from '#base/clock.ts'
import type { LogicalClusterOptions } from '../logical-cluster.ts'
import type { TestApi } from '../test-cluster.ts'
import {
  ADMIN,
  DEPLOYMENTS,
  deployment,
  listOf,
  PODS,
  pod,
  serviceAccount,
  testCluster,
  textOf,
} from '../test-cluster.ts'

const SERVICE_ACCOUNTS = '/api/v1/namespaces/default/serviceaccounts'

async function clusterForPods(options: Partial<LogicalClusterOptions> = {}) {
  const all = await testCluster(options)
  await all.api.create(SERVICE_ACCOUNTS, serviceAccount('default'))
  return all
}

const bind = (api: TestApi, node: string) =>
  api.create(`${PODS}/p/binding`, { metadata: { name: 'p' }, target: { kind: 'Node', name: node } })

test('scale shows and sets the replicas of a deployment', async () => {
  const { api } = await testCluster()
  await api.create(DEPLOYMENTS, deployment('d'))
  const scale = await api.get(`${DEPLOYMENTS}/d/scale`)
  assert.equal(scale['kind'], 'Scale')
  assert.equal(scale['spec']?.['replicas'], 1)
  assert.equal(scale['status']?.['selector'], 'app=d')
  await api.patch(`${DEPLOYMENTS}/d/scale`, { spec: { replicas: 4 } })
  assert.equal((await api.get(`${DEPLOYMENTS}/d`))['spec']?.['replicas'], 4)
  await assert.rejects(api.patch(`${DEPLOYMENTS}/d/scale`, { spec: { replicas: -1 } }), {
    message:
      'Scale.autoscaling "d" is invalid: spec.replicas: Invalid value: -1: must be greater than or equal to 0',
  })
})

test('scale shows the selector of a replication controller, which is a map', async () => {
  const { api } = await testCluster()
  const controllers = '/api/v1/namespaces/default/replicationcontrollers'
  const { spec } = deployment('r')
  await api.create(controllers, {
    apiVersion: 'v1',
    kind: 'ReplicationController',
    metadata: { name: 'r' },
    spec: { template: spec.template },
  })
  const scale = await api.get(`${controllers}/r/scale`)
  assert.equal(scale['status']?.['selector'], 'app=r')
})

test('binding gives a pod its node once', async () => {
  const { api } = await clusterForPods()
  await api.create(PODS, pod('p'))
  await bind(api, 'n1')
  const bound = await api.get(`${PODS}/p`)
  assert.equal(bound['spec']?.['nodeName'], 'n1')
  assert.equal(bound['metadata']?.['generation'], 1)
  await assert.rejects(bind(api, 'n2'), {
    reason: 'Conflict',
    message:
      'Operation cannot be fulfilled on pods/binding "p": pod p is already assigned to node "n1"',
  })
})

async function clusterWithBudget(disruptionsAllowed: number) {
  const { api, clock } = await clusterForPods()
  await api.create(PODS, pod('p', {}, { labels: { app: 'q' } }))
  const conditions = [{ type: 'Ready', status: 'True' }]
  await api.patch(`${PODS}/p/status`, { status: { phase: 'Running', conditions } })
  const budgets = '/apis/policy/v1/namespaces/default/poddisruptionbudgets'
  await api.create(budgets, {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: { name: 'b' },
    spec: { minAvailable: 1, selector: { matchLabels: { app: 'q' } } },
  })
  const status = {
    disruptionsAllowed,
    currentHealthy: 1,
    desiredHealthy: 1,
    expectedPods: 1,
    observedGeneration: 1,
  }
  await api.patch(`${budgets}/b/status`, { status })
  return {
    api,
    clock,
    budgetPath: `${budgets}/b`,
    budget: () => api.get(`${budgets}/b`),
    wish: (minAvailable: number) => api.patch(`${budgets}/b`, { spec: { minAvailable } }),
  }
}

test('eviction is refused when the budget is spent', async () => {
  const { api } = await clusterWithBudget(0)
  await assert.rejects(api.create(`${PODS}/p/eviction`, { metadata: { name: 'p' } }), {
    reason: 'TooManyRequests',
    message: "Cannot evict pod as it would violate the pod's disruption budget.",
  })
  await api.get(`${PODS}/p`)
})

test('eviction of a pod that is not ready spends nothing where enough are, or the budget says so', async () => {
  for (const [healthy, policy, isAllowed] of [
    [1, undefined, true],
    [0, undefined, false],
    [0, 'IfHealthyBudget', false],
    [0, 'AlwaysAllow', true],
  ] as const) {
    const { api, budget, budgetPath } = await clusterWithBudget(0)
    const conditions = [{ type: 'Ready', status: 'False' }]
    await api.patch(`${PODS}/p/status`, { status: { conditions } })
    await api.patch(budgetPath, { spec: { unhealthyPodEvictionPolicy: policy ?? null } })
    const { metadata } = await budget()
    const observedGeneration = metadata?.['generation']
    await api.patch(`${budgetPath}/status`, {
      status: { currentHealthy: healthy, observedGeneration },
    })
    const evicted = api.create(`${PODS}/p/eviction`, { metadata: { name: 'p' } })
    if (isAllowed) await evicted
    else await assert.rejects(evicted, { reason: 'TooManyRequests' })
    assert.equal((await budget())['status']?.['disruptionsAllowed'], 0)
  }
})

test('eviction deletes the pod and spends the budget', async () => {
  const { api, budget } = await clusterWithBudget(1)
  await api.create(`${PODS}/p/eviction`, { metadata: { name: 'p' } })
  await assert.rejects(api.get(`${PODS}/p`), { reason: 'NotFound' })
  assert.equal((await budget())['status']?.['disruptionsAllowed'], 0)
})

test('eviction notes when it was granted, from which on the pod must show that it goes', async () => {
  const { api, clock, budget } = await clusterWithBudget(1)
  await clock.advance(3_600_000)
  await api.create(`${PODS}/p/eviction`, { metadata: { name: 'p' } })
  const { status } = await budget()
  assert.deepEqual(status?.['disruptedPods'], { p: rfc3339(clock.now()) })
})

test('eviction says on the pod why it goes', async () => {
  const { api } = await clusterForPods()
  await api.create(PODS, pod('p', {}, { finalizers: ['example.com/hold'] }))
  await bind(api, 'n1')
  await api.create(`${PODS}/p/eviction`, { metadata: { name: 'p' } })
  const { metadata, status } = await api.get(`${PODS}/p`)
  assert.notEqual(metadata?.['deletionTimestamp'], undefined)
  const [condition] = listOf(status?.['conditions']).filter(
    ({ type }) => textOf(type) === 'DisruptionTarget',
  )
  assert.equal(condition?.['reason'], 'EvictionByEvictionAPI')
  assert.equal(condition['message'], 'Eviction API: evicting')
})

test('eviction of a version takes that version and no other', async () => {
  const { api } = await clusterForPods()
  await api.create(PODS, pod('p'))
  const { metadata } = await bind(api, 'n1').then(() => api.get(`${PODS}/p`))
  const evict = (resourceVersion: string) =>
    api.create(`${PODS}/p/eviction`, {
      metadata: { name: 'p' },
      deleteOptions: { preconditions: { resourceVersion } },
    })
  await assert.rejects(evict('1'), { reason: 'Conflict' })
  await evict(textOf(metadata?.['resourceVersion']))
})

test('eviction waits until the controller has seen the newest wish of the budget', async () => {
  const { api, wish } = await clusterWithBudget(1)
  await wish(2)
  await assert.rejects(api.create(`${PODS}/p/eviction`, { metadata: { name: 'p' } }), {
    reason: 'TooManyRequests',
    details: {
      retryAfterSeconds: 10,
      causes: [
        {
          reason: 'DisruptionBudget',
          message: 'The disruption budget b is still being processed by the server.',
        },
      ],
    },
  })
  await api.get(`${PODS}/p`)
})

test('token issues a token that says who the service account is', async () => {
  const { api } = await clusterForPods()
  const { status } = await api.create(`${SERVICE_ACCOUNTS}/default/token`, { spec: {} })
  const reviews = '/apis/authentication.k8s.io/v1/tokenreviews'
  const review = await api.create(reviews, { spec: { token: status?.['token'] } })
  assert.equal(review['status']?.['authenticated'], true)
  assert.equal(review['status']?.['user']?.['username'], 'system:serviceaccount:default:default')
  await api.delete(`${SERVICE_ACCOUNTS}/default`)
  const later = await api.create(reviews, { spec: { token: status?.['token'] } })
  assert.equal(later['status']?.['error'], 'invalid bearer token')
})

test('token bound to a pod is worth nothing once the pod is gone', async () => {
  const { api } = await clusterForPods()
  await api.create(PODS, pod('p'))
  const boundObjectRef = { kind: 'Pod', name: 'p', apiVersion: 'v1' }
  const { status } = await api.create(`${SERVICE_ACCOUNTS}/default/token`, {
    spec: { boundObjectRef },
  })
  await api.delete(`${PODS}/p`)
  const review = await api.create('/apis/authentication.k8s.io/v1/tokenreviews', {
    spec: { token: status?.['token'] },
  })
  assert.equal(review['status']?.['authenticated'], undefined)
})

const REVIEWS = '/apis/authentication.k8s.io/v1/tokenreviews'

test('token says where its pod runs, and which token it is', async () => {
  const { api } = await clusterForPods()
  await api.create('/api/v1/nodes', { metadata: { name: 'node-1' } })
  await api.create(PODS, pod('p', { nodeName: 'node-1' }))
  const boundObjectRef = { kind: 'Pod', name: 'p', apiVersion: 'v1' }
  const { status } = await api.create(`${SERVICE_ACCOUNTS}/default/token`, {
    spec: { boundObjectRef },
  })
  const review = await api.create(REVIEWS, { spec: { token: status?.['token'] } })
  const extra = review['status']?.['user']?.['extra']
  const key = (name: string) =>
    listOf(extra?.[`authentication.kubernetes.io/${name}`]).map(textOf).join()
  assert.equal(key('pod-name'), 'p')
  assert.equal(key('node-name'), 'node-1')
  assert.equal(
    key('node-uid'),
    textOf((await api.get('/api/v1/nodes/node-1'))['metadata']?.['uid']),
  )
  assert.match(key('credential-id'), /^JTI=[-0-9a-f]{36}$/)
})

test('token bound to a secret or a node ends with it', async () => {
  const { api } = await clusterForPods()
  const secrets = '/api/v1/namespaces/default/secrets'
  await api.create(secrets, { metadata: { name: 's' } })
  await api.create('/api/v1/nodes', { metadata: { name: 'n' } })
  const bound = {
    Secret: { name: 's', path: `${secrets}/s` },
    Node: { name: 'n', path: '/api/v1/nodes/n' },
  }
  for (const [kind, { name, path }] of Object.entries(bound)) {
    const { status } = await api.create(`${SERVICE_ACCOUNTS}/default/token`, {
      spec: { boundObjectRef: { kind, name, apiVersion: 'v1' } },
    })
    const review = () => api.create(REVIEWS, { spec: { token: status?.['token'] } })
    assert.equal((await review())['status']?.['authenticated'], true, kind)
    await api.delete(path)
    assert.equal((await review())['status']?.['authenticated'], undefined, kind)
  }
})

test('token refuses to be bound to what it cannot be bound to', async () => {
  const { api } = await clusterForPods()
  await api.create(SERVICE_ACCOUNTS, { metadata: { name: 'other' } })
  await api.create(PODS, pod('p'))
  const ask = (account: string, boundObjectRef: object) =>
    api.create(`${SERVICE_ACCOUNTS}/${account}/token`, { spec: { boundObjectRef } })
  await assert.rejects(ask('default', { kind: 'ConfigMap', apiVersion: 'v1', name: 'x' }), {
    reason: 'BadRequest',
    message: 'cannot bind token to object of type /v1, Kind=ConfigMap',
  })
  await assert.rejects(ask('other', { kind: 'Pod', apiVersion: 'v1', name: 'p' }), {
    message:
      'cannot bind token for serviceaccount "other" to pod running with different serviceaccount name.',
  })
  await assert.rejects(ask('default', { kind: 'Pod', apiVersion: 'v1', name: 'p', uid: 'x' }), {
    reason: 'Conflict',
    message:
      /^Operation cannot be fulfilled on Pod "p": the UID in the bound object reference \(x\)/,
  })
})

test("a pod's own token lives on after it should have been replaced", async () => {
  const { api, clock } = await clusterForPods()
  const { status } = await api.create(`${SERVICE_ACCOUNTS}/default/token`, {
    spec: { expirationSeconds: 3607 },
  })
  assert.equal(
    Date.parse(textOf(status?.['expirationTimestamp'])),
    Math.floor(clock.now() / 1000) * 1000 + 3_607_000,
  )
  const review = () => api.create(REVIEWS, { spec: { token: status?.['token'] } })
  await clock.advance(2 * 3_600_000)
  assert.equal((await review())['status']?.['authenticated'], true)
  await clock.advance(365 * 24 * 3_600_000)
  assert.equal((await review())['status']?.['authenticated'], undefined)
})

test('token refuses a life of less than ten minutes', async () => {
  const { api } = await clusterForPods()
  await assert.rejects(
    api.create(`${SERVICE_ACCOUNTS}/default/token`, { spec: { expirationSeconds: 1 } }),
    { message: /may not specify a duration less than 10 minutes$/ },
  )
})

/** A kubelet's HTTP API over a pair of streams that need no socket. */
function kubelet(answer: (url: string) => { status: number; body: string }) {
  const server = createServer((request, response) => {
    const { status, body } = answer(request.url ?? '')
    response.writeHead(status)
    response.end(body)
  })
  return () => {
    const [near, far] = streamPair()
    server.emit('connection', far)
    return Promise.resolve(near)
  }
}

function streamPair(): [Duplex, Duplex] {
  const half = (other: () => Duplex) =>
    new Duplex({
      read() {},
      write(chunk: Buffer, _encoding, done) {
        other().push(chunk)
        done()
      },
      final(done) {
        other().push(null)
        done()
      },
    })
  const near: Duplex = half(() => far)
  const far: Duplex = half(() => near)
  return [near, far]
}

async function readLog(api: Awaited<ReturnType<typeof clusterForPods>>, query: string) {
  const answer = await api.cluster.call(ADMIN)({
    method: 'GET',
    path: `${PODS}/p/log`,
    query: new URLSearchParams(query),
  })
  if (answer.type !== 'bytes') throw new TypeError(`the log answered with ${answer.type}`)
  return text(answer.chunks)
}

test('log asks the kubelet of the pod, with what it understands of the query', async () => {
  const dialNode = kubelet((url) => ({ status: 200, body: `asked ${url}` }))
  const all = await clusterForPods({ dialNode })
  await all.api.create(PODS, pod('p'))
  await bind(all.api, 'n1')
  assert.equal(
    await readLog(all, 'tailLines=5&container=main&pretty=true'),
    'asked /containerLogs/default/p/main?tailLines=5',
  )
})

test('log passes on what the kubelet refuses', async () => {
  const dialNode = kubelet(() => ({ status: 400, body: 'container "main" is waiting to start' }))
  const all = await clusterForPods({ dialNode })
  await all.api.create(PODS, pod('p'))
  await bind(all.api, 'n1')
  await assert.rejects(readLog(all, ''), {
    reason: 'BadRequest',
    message: 'container "main" is waiting to start',
  })
})

test('log of a pod with several containers wants one named', async () => {
  const all = await clusterForPods()
  const [containers, initContainers] = [['a', 'b'], ['i']].map((names) =>
    names.map((name) => ({ name, image: 'x' })),
  )
  await all.api.create(PODS, pod('p', { containers, initContainers }))
  await assert.rejects(readLog(all, ''), {
    message: 'a container name must be specified for pod p, choose one of: [i a b]',
  })
})
