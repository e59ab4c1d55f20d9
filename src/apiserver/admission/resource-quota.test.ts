import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  CONFIG_MAPS,
  configMap,
  PODS,
  pod,
  serviceAccount,
  type TestApi,
  testCluster,
} from '../test-cluster.ts'

const QUOTAS = '/api/v1/namespaces/default/resourcequotas'
const SERVICES = '/api/v1/namespaces/default/services'

/** A quota whose usage was counted: nothing so far, unless said. */
async function makeQuota(
  api: TestApi,
  hard: Record<string, string>,
  { name = 'q', used = {}, spec = {} }: { name?: string; used?: object; spec?: object } = {},
): Promise<void> {
  const quota = { apiVersion: 'v1', kind: 'ResourceQuota', metadata: { name } }
  await api.create(QUOTAS, { ...quota, spec: { hard, ...spec } })
  const zeros = Object.fromEntries(Object.keys(hard).map((key) => [key, '0']))
  await api.patch(`${QUOTAS}/${name}/status`, { status: { hard, used: { ...zeros, ...used } } })
}

const usedOf = async (api: TestApi, name = 'q') =>
  (await api.get(`${QUOTAS}/${name}`))['status']?.['used']

async function cluster() {
  const { api } = await testCluster()
  await api.create('/api/v1/namespaces/default/serviceaccounts', serviceAccount('default'))
  return api
}

const withResources = (name: string, resources: object, spec: object = {}) =>
  pod(name, { containers: [{ name: 'main', image: 'busybox', resources }], ...spec })

test('a quota is charged with the object, and never beyond what it allows', async () => {
  const api = await cluster()
  await makeQuota(api, { configmaps: '2', 'count/configmaps': '5' })
  await api.create(CONFIG_MAPS, configMap('a'))
  await api.create(CONFIG_MAPS, configMap('b'))
  await assert.rejects(api.create(CONFIG_MAPS, configMap('c')), {
    reason: 'Forbidden',
    message:
      'configmaps "c" is forbidden: exceeded quota: q, requested: configmaps=1, used: configmaps=2, limited: configmaps=2',
  })
  assert.deepEqual(await usedOf(api), { configmaps: '2', 'count/configmaps': '2' })
})

test('of fifty writes at once only those that fit are stored', async () => {
  const api = await cluster()
  await makeQuota(api, { pods: '20', 'requests.cpu': '1' })
  const names = Array.from({ length: 50 }, (_, index) => `p${index}`)
  const made = await Promise.allSettled(
    names.map((name) => api.create(PODS, withResources(name, { requests: { cpu: '100m' } }))),
  )
  assert.equal(made.filter(({ status }) => status === 'fulfilled').length, 10)
  assert.deepEqual(await usedOf(api), { pods: '10', 'requests.cpu': '1' })
})

test('a write that does not happen costs nothing', async () => {
  const api = await cluster()
  await makeQuota(api, { configmaps: '2' })
  await api.create(CONFIG_MAPS, configMap('a'))
  await api.create(`${CONFIG_MAPS}?dryRun=All`, configMap('b'))
  await assert.rejects(api.create(CONFIG_MAPS, configMap('a')), { reason: 'AlreadyExists' })
  await assert.rejects(api.create(CONFIG_MAPS, configMap('B')), { reason: 'Invalid' })
  assert.deepEqual(await usedOf(api), { configmaps: '1' })
})

test('a dry run is refused where the write would be', async () => {
  const api = await cluster()
  await makeQuota(api, { configmaps: '0' })
  await assert.rejects(api.create(`${CONFIG_MAPS}?dryRun=All`, configMap('a')), /exceeded quota/)
})

test('several quotas are charged together or not at all', async () => {
  const api = await cluster()
  await makeQuota(api, { configmaps: '9' }, { name: 'a' })
  await makeQuota(api, { configmaps: '0' }, { name: 'b' })
  await assert.rejects(api.create(CONFIG_MAPS, configMap('x')), /exceeded quota: b/)
  assert.deepEqual(await usedOf(api, 'a'), { configmaps: '0' })
})

test('containers must say what a quota bounds', async () => {
  const api = await cluster()
  await makeQuota(api, { 'requests.cpu': '1' })
  await assert.rejects(api.create(PODS, pod('p')), {
    message: 'pods "p" is forbidden: failed quota: q: must specify requests.cpu for: main',
  })
})

test('a quota that was not counted yet bounds nothing, half counted it refuses', async () => {
  const api = await cluster()
  const quota = { apiVersion: 'v1', kind: 'ResourceQuota', metadata: { name: 'q' } }
  await api.create(QUOTAS, { ...quota, spec: { hard: { configmaps: '0' } } })
  await api.create(CONFIG_MAPS, configMap('a'))
  await api.patch(`${QUOTAS}/q/status`, { status: { hard: { configmaps: '0' } } })
  await assert.rejects(api.create(CONFIG_MAPS, configMap('b')), {
    message: 'configmaps "b" is forbidden: status unknown for quota: q, resources: configmaps',
  })
})

test('only objects in the scope of a quota are charged', async () => {
  const api = await cluster()
  await makeQuota(api, { pods: '1' }, { spec: { scopes: ['Terminating'] } })
  await api.create(PODS, pod('p'))
  assert.deepEqual(await usedOf(api), { pods: '0' })
  await api.create(PODS, pod('q', { activeDeadlineSeconds: 60 }))
  await assert.rejects(api.create(PODS, pod('r', { activeDeadlineSeconds: 60 })), /exceeded quota/)
  await assert.rejects(
    api.patch(`${PODS}/p`, { spec: { activeDeadlineSeconds: 60 } }),
    /exceeded quota: q, requested: pods=1, used: pods=1, limited: pods=1/,
  )
})

test('a service is charged for what an update adds', async () => {
  const api = await cluster()
  await makeQuota(api, { services: '1', 'services.nodeports': '1' })
  const ports = [{ name: 'a', port: 80 }]
  const service = { apiVersion: 'v1', kind: 'Service', metadata: { name: 's' }, spec: { ports } }
  await api.create(SERVICES, service)
  await api.patch(`${SERVICES}/s`, { spec: { type: 'NodePort' } })
  assert.deepEqual(await usedOf(api), { services: '1', 'services.nodeports': '1' })
  const more = [...ports, { name: 'b', port: 81 }]
  await assert.rejects(
    api.patch(`${SERVICES}/s`, { spec: { ports: more } }),
    /requested: services.nodeports=1, used: services.nodeports=1, limited: services.nodeports=1/,
  )
})
