import assert from 'node:assert/strict'
import { test } from 'node:test'
import { settle } from '#base/fake-clock.ts'
import { fakeDial } from '../outgoing/fake-dial.ts'
import { type Json, listOf, testCluster, type TestApi, textOf } from '../test-cluster.ts'
import {
  SAMPLE_ROOT,
  SAMPLE_TLS,
  sampleApiService,
  samplePlace,
  SampleServer,
} from './sample-server.ts'

const SERVICES = '/apis/apiregistration.k8s.io/v1/apiservices'
const ADDRESS = '10.1.2.3'
const PORT = 8443
const FLUNDERS = `${SAMPLE_ROOT}/namespaces/default/flunders`
const TURNS_MAX = 2_000

const PATHS: Record<string, string> = {
  Namespace: '/api/v1/namespaces',
  Service: '/api/v1/namespaces/wardle/services',
  EndpointSlice: '/apis/discovery.k8s.io/v1/namespaces/wardle/endpointslices',
}

async function until(what: string, holds: () => Promise<boolean> | boolean): Promise<void> {
  for (let turns = 0; turns < TURNS_MAX; turns++) {
    if (await holds()) return
    await settle()
  }
  assert.fail(`waited in vain until ${what}`)
}

async function aggregated() {
  const dials = fakeDial()
  const sample = new SampleServer()
  dials.listen(`${ADDRESS}:${PORT}`, { tls: SAMPLE_TLS, handle: sample.handle })
  const made = await testCluster({ dial: dials.dial })
  return { ...made, sample }
}

const place = async (api: TestApi, kinds: readonly string[]) => {
  for (const object of samplePlace(ADDRESS, PORT))
    if (kinds.includes(object.kind)) await api.create(PATHS[object.kind]!, object)
}

const conditionOf = async (api: TestApi): Promise<Json | undefined> => {
  const service = await api.get(`${SERVICES}/${sampleApiService.metadata.name}`)
  return listOf(service['status']?.['conditions'])[0]
}

const hasReason = async (api: TestApi, reason: string) =>
  textOf((await conditionOf(api))?.['reason']) === reason

async function available() {
  const made = await aggregated()
  await place(made.api, Object.keys(PATHS))
  await made.api.create(SERVICES, sampleApiService)
  await until('it is available', () => hasReason(made.api, 'Passed'))
  return made
}

test('the condition says what is missing on the way to the server', async () => {
  const { api, clock, sample } = await aggregated()
  await api.create(SERVICES, sampleApiService)
  const steps: [string, string, () => Promise<unknown>][] = [
    [
      'ServiceNotFound',
      'service/sample-api in "wardle" is not present',
      () => place(api, ['Namespace', 'Service']),
    ],
    [
      'EndpointsNotFound',
      'cannot find endpointslices for service/sample-api in "wardle"',
      () => place(api, ['EndpointSlice']),
    ],
    [
      'Passed',
      'all checks passed',
      async () => {
        sample.failWith = 503
        await clock.advance(31_000)
      },
    ],
    [
      'FailedDiscoveryCheck',
      `failing or missing response from https://${ADDRESS}:${PORT}${SAMPLE_ROOT}: bad status from https://${ADDRESS}:${PORT}${SAMPLE_ROOT}: 503`,
      async () => {
        sample.failWith = undefined
        await clock.advance(31_000)
      },
    ],
    ['Passed', 'all checks passed', () => Promise.resolve()],
  ]
  for (const [reason, message, next] of steps) {
    await until(`it says ${reason}`, () => hasReason(api, reason))
    assert.equal((await conditionOf(api))?.['message'], message)
    await next()
  }
})

test('requests go on in the name of who asks, and answers come back', async () => {
  const { api, sample } = await available()
  const flunder = {
    apiVersion: 'wardle.example.com/v1alpha1',
    kind: 'Flunder',
    metadata: { name: 'f' },
    color: 'blue',
  }
  const made = await api.create(FLUNDERS, flunder)
  assert.equal(made['color'], 'blue')
  assert.equal((await api.get(`${FLUNDERS}/f`))['kind'], 'Flunder')
  assert.equal(listOf((await api.get(FLUNDERS))['items']).length, 1)
  await assert.rejects(api.get(`${FLUNDERS}/g`), { reason: 'NotFound', code: 404 })
  await api.delete(`${FLUNDERS}/f`)
  assert.equal(listOf((await api.get(FLUNDERS))['items']).length, 0)
  const { headers } = sample.asked[0]!
  assert.equal(headers['x-remote-user'], 'admin')
  assert.equal(headers['x-remote-group'], 'system:masters, system:authenticated')
  assert.equal(headers.host, 'sample-api.wardle.svc')
})

test('a watch of another server is a watch', async () => {
  const { api } = await available()
  const abort = new AbortController()
  const events = await api.watch(`${FLUNDERS}?watch=1`, abort.signal)
  await api.create(FLUNDERS, { kind: 'Flunder', metadata: { name: 'seen' } })
  const { value } = (await events.next()) as { value: Json }
  assert.deepEqual([value['type'], value['object']?.['metadata']?.['name']], ['ADDED', 'seen'])
  abort.abort()
})

test('who may not is refused here, and the server is not asked', async () => {
  const { as, sample } = await available()
  const jane = as({ username: 'jane', groups: ['system:authenticated'] })
  await assert.rejects(jane.get(FLUNDERS), {
    reason: 'Forbidden',
    message:
      'flunders.wardle.example.com is forbidden: User "jane" cannot list resource "flunders" in API group "wardle.example.com" in the namespace "default"',
  })
  assert.deepEqual(sample.asked, [])
})

test('discovery shows its kinds among ours, in the order of priorities', async () => {
  const { api } = await available()
  const { groups } = await api.get('/apis')
  const names = listOf(groups).map(({ name }) => textOf(name))
  assert.equal(names.at(-1), 'wardle.example.com')
  assert.equal(
    (await api.get('/apis/wardle.example.com'))['preferredVersion']?.['version'],
    'v1alpha1',
  )
  const { resources } = await api.get(SAMPLE_ROOT)
  assert.deepEqual(
    listOf(resources).map(({ name }) => name),
    ['flunders', 'flunders/status'],
  )
  const index = await api.get('/openapi/v3')
  assert.deepEqual(index['paths']?.[SAMPLE_ROOT.slice(1)], {
    serverRelativeURL: `/openapi/v3${SAMPLE_ROOT}?hash=AB12`,
  })
  const schemas = (await api.get('/openapi/v2'))['definitions']
  assert.equal(schemas?.['com.example.wardle.v1alpha1.Flunder']?.['description'], 'A flunder.')
})

test('a server that is away fails its own group and no other; without its APIService it is gone', async () => {
  const { api } = await available()
  await api.delete(`${PATHS['EndpointSlice']!}/sample-api-1`)
  await assert.rejects(api.get(FLUNDERS), { code: 503, message: 'service unavailable' })
  assert.equal((await api.get('/apis/apps/v1'))['kind'], 'APIResourceList')
  await until('the condition tells', () => hasReason(api, 'EndpointsNotFound'))
  await api.delete(`${SERVICES}/${sampleApiService.metadata.name}`)
  await until('the group is gone', async () => {
    const { groups } = await api.get('/apis')
    return !listOf(groups).some(({ name }) => textOf(name) === 'wardle.example.com')
  })
  await assert.rejects(api.get(FLUNDERS), { code: 404 })
})

test('an APIService cannot take over what is served here', async () => {
  const { api, clock } = await aggregated()
  await place(api, Object.keys(PATHS))
  await api.patch(`${SERVICES}/v1.apps`, {
    spec: { service: { namespace: 'wardle', name: 'sample-api', port: 7443 } },
  })
  const deployments = await api.get('/apis/apps/v1/namespaces/default/deployments')
  assert.equal(deployments['kind'], 'DeploymentList')
  await clock.advance(1_000)
  assert.equal((await api.get(`${SERVICES}/v1.apps`))['spec']?.['service'], undefined)
})

test('other servers learn whom to believe from a ConfigMap that stays as it should be', async () => {
  const frontProxy = { authorityPem: 'front proxy CA', client: () => Promise.resolve(SAMPLE_TLS) }
  const { api, clock } = await testCluster({ clientAuthorityPem: undefined, frontProxy } as object)
  const path = '/api/v1/namespaces/kube-system/configmaps/extension-apiserver-authentication'
  const expected = {
    'requestheader-allowed-names': '["front-proxy-client"]',
    'requestheader-client-ca-file': 'front proxy CA',
    'requestheader-extra-headers-prefix': '["X-Remote-Extra-"]',
    'requestheader-group-headers': '["X-Remote-Group"]',
    'requestheader-uid-headers': '["X-Remote-Uid"]',
    'requestheader-username-headers': '["X-Remote-User"]',
  }
  assert.deepEqual((await api.get(path))['data'], expected)
  await api.patch(path, { data: { 'requestheader-allowed-names': '["anyone"]' } })
  await clock.advance(1_000)
  assert.deepEqual((await api.get(path))['data'], expected)
  await api.delete(path)
  await clock.advance(1_000)
  assert.deepEqual((await api.get(path))['data'], expected)
})
