import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  configMap,
  CONFIG_MAPS,
  deployment,
  DEPLOYMENTS,
  type Json,
  listOf,
  testCluster,
  textOf,
} from '../test-cluster.ts'

const APPLY = 'application/apply-patch+yaml'
const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration'

const managersOf = (object: Json): string[] =>
  listOf(object['metadata']?.['managedFields']).map(
    ({ manager, operation }) => `${textOf(manager)} ${textOf(operation)}`,
  )

test('who creates and who updates an object manages what they wrote', async () => {
  const { api } = await testCluster()
  await api.create(`${CONFIG_MAPS}?fieldManager=maker`, configMap('c', { data: { a: '1' } }))
  const patch = { data: { b: '2' } }
  const changed = await api.patch(`${CONFIG_MAPS}/c?fieldManager=changer`, patch)
  const fields = listOf(changed['metadata']?.['managedFields']).map(({ manager, fieldsV1 }) => [
    manager,
    fieldsV1,
  ])
  assert.deepEqual(Object.fromEntries(fields), {
    maker: { 'f:data': { '.': {}, 'f:a': {} } },
    changer: { 'f:data': { 'f:b': {} } },
  })
})

test('of many who update an object the oldest become one', async () => {
  const { api, clock } = await testCluster()
  await api.create(`${CONFIG_MAPS}?fieldManager=m0`, configMap('c', { data: { k0: '0' } }))
  for (let i = 1; i < 15; i++) {
    await clock.advance(1_000)
    await api.patch(`${CONFIG_MAPS}/c?fieldManager=m${i}`, { data: { [`k${i}`]: '1' } })
  }
  const managers = managersOf(await api.get(`${CONFIG_MAPS}/c`))
  assert.equal(managers.length, 10)
  assert.ok(managers.includes('ancient-changes Update'))
  assert.ok(managers.includes('m14 Update'))
  assert.ok(!managers.includes('m0 Update'))
})

test('kubectl takes over what it applied from its side, and others conflict', async () => {
  const { api } = await testCluster()
  const config = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'c', namespace: 'default' },
    data: { a: '1' },
  }
  const annotations = { [LAST_APPLIED]: JSON.stringify(config) }
  await api.create(
    `${CONFIG_MAPS}?fieldManager=kubectl-client-side-apply`,
    configMap('c', { data: { a: '1' } }, { annotations }),
  )
  const next = { ...config, data: { a: '2' } }
  await assert.rejects(api.patch(`${CONFIG_MAPS}/c?fieldManager=ci`, next, APPLY), {
    reason: 'Conflict',
  })
  const taken = await api.patch(`${CONFIG_MAPS}/c?fieldManager=kubectl`, next, APPLY)
  assert.equal(taken['data']?.['a'], '2')
  const told = taken['metadata']?.['annotations']?.[LAST_APPLIED]
  assert.deepEqual((JSON.parse(textOf(told)) as Json)['data'], { a: '2' })
})

test('a patch that is applied through a subresource owns what that may change', async () => {
  const { api } = await testCluster()
  await api.create(DEPLOYMENTS, deployment('d'))
  const status = { conditions: [{ type: 'Available', status: 'True', reason: 'Mine' }] }
  const body = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'd' } }
  const applied = await api.patch(
    `${DEPLOYMENTS}/d/status?fieldManager=s`,
    { ...body, status, spec: { replicas: 7 } },
    APPLY,
  )
  assert.equal(applied['spec']?.['replicas'], 1)
  const [own] = listOf(applied['metadata']?.['managedFields'])
  assert.equal(own?.['subresource'], 'status')
  assert.deepEqual(Object.keys(own?.['fieldsV1'] ?? {}), ['f:status'])
})

test('to apply what is not there takes the right to create it', async () => {
  const { api, as } = await testCluster()
  const rules = [{ apiGroups: [''], resources: ['configmaps'], verbs: ['patch', 'get'] }]
  const RBAC = '/apis/rbac.authorization.k8s.io/v1'
  await api.create(`${RBAC}/clusterroles`, {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRole',
    metadata: { name: 'patcher' },
    rules,
  })
  await api.create(`${RBAC}/clusterrolebindings`, {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRoleBinding',
    metadata: { name: 'patcher' },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'patcher' },
    subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'jane' }],
  })
  const jane = as({ username: 'jane', groups: ['system:authenticated'] })
  await assert.rejects(
    jane.patch(`${CONFIG_MAPS}/c?fieldManager=jane`, configMap('c'), APPLY),
    /cannot create resource "configmaps"/,
  )
  await api.create(CONFIG_MAPS, configMap('c'))
  await jane.patch(`${CONFIG_MAPS}/c?fieldManager=jane`, configMap('c'), APPLY)
})

test('an object whose items cannot be told apart is refused by validation, not by its managers', async () => {
  const { api } = await testCluster()
  const containers = [{ name: 'c', image: 'i', env: [{ value: 'x' }] }]
  const template = { metadata: { labels: { app: 'd' } }, spec: { containers } }
  await assert.rejects(api.create(DEPLOYMENTS, deployment('d', { template })), {
    reason: 'Invalid',
    message: /env\[0\]\.name: Required value/,
  })
})

test('who applies a scale owns the number of replicas, and conflicts with who sets it otherwise', async () => {
  const { api } = await testCluster()
  await api.create(`${DEPLOYMENTS}?fieldManager=maker`, deployment('d'))
  const scale = {
    apiVersion: 'autoscaling/v1',
    kind: 'Scale',
    metadata: { name: 'd' },
    spec: { replicas: 4 },
  }
  const path = `${DEPLOYMENTS}/d/scale?fieldManager=scaler`
  await assert.rejects(
    api.patch(path, scale, APPLY),
    /conflict with "maker" using apps\/v1: \.spec\.replicas/,
  )
  const scaled = await api.patch(`${path}&force=true`, scale, APPLY)
  assert.equal(scaled['kind'], 'Scale')
  assert.equal(scaled['spec']?.['replicas'], 4)
  const { metadata } = await api.get(`${DEPLOYMENTS}/d`)
  const own = listOf(metadata?.['managedFields']).find(
    ({ manager }) => textOf(manager) === 'scaler',
  )
  assert.equal(own?.['subresource'], 'scale')
  assert.deepEqual(own?.['fieldsV1'], { 'f:spec': { 'f:replicas': {} } })
})
