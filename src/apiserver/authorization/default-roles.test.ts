import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openMemoryStore } from '#storage/open-memory-store.ts'
import { listOf, testCluster, textOf, type Json } from '../test-cluster.ts'
import { bootstrapRoles } from './bootstrap-roles.ts'

const RBAC = '/apis/rbac.authorization.k8s.io/v1'
const RULE = { verbs: ['get'], apiGroups: [''], resources: ['secrets'] }

test('every default role and binding of Kubernetes is there, marked as such', async () => {
  const { api, cluster } = await testCluster()
  const names = async (path: string) =>
    listOf((await api.get(path))['items']).map(({ metadata }) => textOf(metadata?.['name']))
  const roles = await names(`${RBAC}/clusterroles`)
  for (const name of [
    'cluster-admin',
    'admin',
    'edit',
    'view',
    'system:monitoring',
    'system:kube-scheduler',
    'system:certificates.k8s.io:legacy-unknown-approver',
    'system:controller:job-controller',
  ])
    assert.ok(roles.includes(name), name)
  assert.deepEqual(await names(`${RBAC}/namespaces/kube-public/roles`), [
    'system:controller:bootstrap-signer',
  ])
  assert.ok(
    (await names(`${RBAC}/namespaces/kube-system/rolebindings`)).includes(
      'system::extension-apiserver-authentication-reader',
    ),
  )
  const { metadata } = await api.get(`${RBAC}/clusterroles/view`)
  assert.equal(metadata?.['annotations']?.['rbac.authorization.kubernetes.io/autoupdate'], 'true')
  assert.equal(metadata?.['labels']?.['kubernetes.io/bootstrapping'], 'rbac-defaults')
  await cluster.close()
})

test('no default role gives view a right to read secrets', () => {
  const view = bootstrapRoles.find(({ metadata }) => metadata.name === 'view')
  assert.ok(!view?.rules?.some(({ resources }) => resources?.includes('secrets')))
})

/** What an administrator did between two starts. */
async function afterRestart(
  change: (api: Awaited<ReturnType<typeof testCluster>>['api']) => Promise<unknown>,
) {
  const store = openMemoryStore()
  const first = await testCluster({ store })
  await change(first.api)
  await first.cluster.close()
  const second = await testCluster({ store })
  return second.api
}

const basicUser = `${RBAC}/clusterroles/system:basic-user`
const rulesOf = (role: Json) => listOf(role['rules']).map((rule) => textOf(rule['resources']))

test('a start gives default roles back what was taken, and keeps what was added', async () => {
  const api = await afterRestart(async (before) => {
    await before.patch(basicUser, { rules: [RULE], metadata: { labels: { mine: 'x' } } })
    await before.delete(`${RBAC}/clusterroles/system:node-proxier`)
    await before.patch(`${RBAC}/clusterrolebindings/system:basic-user`, { subjects: [] })
  })
  const role = await api.get(basicUser)
  assert.deepEqual(rulesOf(role), [
    '["secrets"]',
    '["selfsubjectaccessreviews","selfsubjectrulesreviews"]',
    '["selfsubjectreviews"]',
  ])
  assert.equal(role['metadata']?.['labels']?.['mine'], 'x')
  await api.get(`${RBAC}/clusterroles/system:node-proxier`)
  const binding = await api.get(`${RBAC}/clusterrolebindings/system:basic-user`)
  assert.equal(listOf(binding['subjects'])[0]?.['name'], 'system:authenticated')
})

test('a start leaves default roles alone that say autoupdate=false', async () => {
  const annotations = { 'rbac.authorization.kubernetes.io/autoupdate': 'false' }
  const api = await afterRestart((before) =>
    before.patch(basicUser, { rules: [], metadata: { annotations } }),
  )
  assert.deepEqual(rulesOf(await api.get(basicUser)), [])
})

test('a start binds a default binding to its role again', async () => {
  const path = `${RBAC}/clusterrolebindings`
  const api = await afterRestart(async (before) => {
    await before.delete(`${path}/system:basic-user`)
    await before.create(path, {
      metadata: { name: 'system:basic-user' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'view' },
    })
  })
  const binding = await api.get(`${path}/system:basic-user`)
  assert.equal(binding['roleRef']?.['name'], 'system:basic-user')
})

test('a start takes from nodes what they had before there was a node authorizer, unless told not to', async () => {
  const path = `${RBAC}/clusterrolebindings/system:node`
  const apiGroup = 'rbac.authorization.k8s.io'
  const nodes = { kind: 'Group', apiGroup, name: 'system:nodes' }
  const mine = { kind: 'User', apiGroup, name: 'mine' }
  const api = await afterRestart((before) => before.patch(path, { subjects: [nodes, mine] }))
  assert.deepEqual((await api.get(path))['subjects'], [mine])
  const annotations = { 'rbac.authorization.kubernetes.io/autoupdate': 'false' }
  const kept = await afterRestart((before) =>
    before.patch(path, { subjects: [nodes], metadata: { annotations } }),
  )
  assert.deepEqual((await kept.get(path))['subjects'], [nodes])
})

test('a second start changes nothing', async () => {
  const store = openMemoryStore()
  const first = await testCluster({ store })
  const { revision } = store
  await first.cluster.close()
  await testCluster({ store })
  assert.equal(store.revision, revision)
})
