import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { UserInfo } from '#base/api-call.ts'
import { CONFIG_MAPS, configMap, PODS, testCluster } from '../test-cluster.ts'

const RBAC = '/apis/rbac.authorization.k8s.io/v1'
const apiVersion = 'rbac.authorization.k8s.io/v1'
const jane: UserInfo = { username: 'jane', groups: ['system:authenticated'] }

const role = (rules: object[]) => ({ apiVersion, kind: 'Role', metadata: { name: 'r' }, rules })
const binding = (subjects: object[], roleRef: object = { kind: 'Role', name: 'r' }) => ({
  apiVersion,
  kind: 'RoleBinding',
  metadata: { name: 'b' },
  roleRef: { apiGroup: 'rbac.authorization.k8s.io', ...roleRef },
  subjects,
})
const toJane = [{ kind: 'User', name: 'jane', apiGroup: 'rbac.authorization.k8s.io' }]

test('a user without a role is refused in the words of Kubernetes', async () => {
  const { as } = await testCluster()
  await assert.rejects(as(jane).get(PODS), {
    reason: 'Forbidden',
    message:
      'pods is forbidden: User "jane" cannot list resource "pods" in API group "" in the namespace "default"',
  })
  await assert.rejects(as(jane).get('/api/v1/nodes/n'), {
    message:
      'nodes "n" is forbidden: User "jane" cannot get resource "nodes" in API group "" at the cluster scope',
  })
  await assert.rejects(as(jane).get('/metrics'), {
    message: 'forbidden: User "jane" cannot get path "/metrics"',
  })
})

test('anonymous users see health and version, and nothing else', async () => {
  const { as } = await testCluster()
  const nobody = as({ username: 'system:anonymous', groups: ['system:unauthenticated'] })
  assert.equal((await nobody.get('/version'))['major'], '1')
  for (const path of ['/api', '/apis', '/openapi/v3', '/', PODS])
    await assert.rejects(nobody.get(path), { reason: 'Forbidden' }, path)
})

test('a role allows what its rules say in its namespace only', async () => {
  const { api, as } = await testCluster()
  const rules = [{ apiGroups: [''], resources: ['configmaps'], verbs: ['get', 'create'] }]
  await api.create(`${RBAC}/namespaces/default/roles`, role(rules))
  await api.create(`${RBAC}/namespaces/default/rolebindings`, binding(toJane))
  await as(jane).create(CONFIG_MAPS, configMap('a'))
  await as(jane).get(`${CONFIG_MAPS}/a`)
  await assert.rejects(as(jane).delete(`${CONFIG_MAPS}/a`), { reason: 'Forbidden' })
  await assert.rejects(as(jane).get('/api/v1/namespaces/kube-system/configmaps/a'), {
    reason: 'Forbidden',
  })
})

test('a rule with resource names allows these names only', async () => {
  const { api, as } = await testCluster()
  const rules = [
    { apiGroups: [''], resources: ['configmaps'], resourceNames: ['a'], verbs: ['get', 'list'] },
  ]
  await api.create(`${RBAC}/namespaces/default/roles`, role(rules))
  await api.create(`${RBAC}/namespaces/default/rolebindings`, binding(toJane))
  for (const name of ['a', 'b']) await api.create(CONFIG_MAPS, configMap(name))
  await as(jane).get(`${CONFIG_MAPS}/a`)
  await as(jane).get(`${CONFIG_MAPS}?fieldSelector=metadata.name%3Da`)
  await assert.rejects(as(jane).get(`${CONFIG_MAPS}/b`), { reason: 'Forbidden' })
  await assert.rejects(as(jane).get(CONFIG_MAPS), { reason: 'Forbidden' })
})

test('view may read but not secrets, edit may write but not roles', async () => {
  const { api, as } = await testCluster()
  const reader = binding(toJane, { kind: 'ClusterRole', name: 'view' })
  await api.create(`${RBAC}/namespaces/default/rolebindings`, reader)
  await as(jane).get(PODS)
  await assert.rejects(as(jane).get('/api/v1/namespaces/default/secrets'), { reason: 'Forbidden' })
  await api.delete(`${RBAC}/namespaces/default/rolebindings/b`)
  const editor = binding(toJane, { kind: 'ClusterRole', name: 'edit' })
  await api.create(`${RBAC}/namespaces/default/rolebindings`, editor)
  await as(jane).create(CONFIG_MAPS, configMap('a'))
  await assert.rejects(as(jane).create(`${RBAC}/namespaces/default/roles`, role([])), {
    reason: 'Forbidden',
  })
})

test('an admin of a namespace cannot give more than he has', async () => {
  const { api, as } = await testCluster()
  const admin = binding(toJane, { kind: 'ClusterRole', name: 'admin' })
  await api.create(`${RBAC}/namespaces/default/rolebindings`, admin)
  const everything = [{ apiGroups: ['*'], resources: ['*'], verbs: ['*'] }]
  const roles = `${RBAC}/namespaces/default/roles`
  await assert.rejects(as(jane).create(roles, role(everything)), {
    reason: 'Forbidden',
    message: /attempting to grant RBAC permissions not currently held/,
  })
  const less = [{ apiGroups: [''], resources: ['configmaps'], verbs: ['get'] }]
  await as(jane).create(roles, role(less))
  const toAll = {
    ...binding(toJane, { kind: 'ClusterRole', name: 'cluster-admin' }),
    metadata: { name: 'c' },
  }
  await assert.rejects(as(jane).create(`${RBAC}/namespaces/default/rolebindings`, toAll), {
    reason: 'Forbidden',
  })
})

test('a refusal names each right that is missing, the verbs of one resource together', async () => {
  const { api, as } = await testCluster()
  const admin = binding(toJane, { kind: 'ClusterRole', name: 'admin' })
  await api.create(`${RBAC}/namespaces/default/rolebindings`, admin)
  const rules = [
    { apiGroups: ['', 'apps'], resources: ['nodes'], verbs: ['list', 'get'] },
    { apiGroups: [''], resources: ['nodes'], resourceNames: ['a'], verbs: ['delete'] },
    { apiGroups: [''], resources: ['pods'], verbs: ['get'] },
  ]
  await assert.rejects(as(jane).create(`${RBAC}/namespaces/default/roles`, role(rules)), {
    message: `roles.rbac.authorization.k8s.io "r" is forbidden: user "jane" (groups=["system:authenticated"]) is attempting to grant RBAC permissions not currently held:
{APIGroups:[""], Resources:["nodes"], ResourceNames:["a"], Verbs:["delete"]}
{APIGroups:[""], Resources:["nodes"], Verbs:["list" "get"]}
{APIGroups:["apps"], Resources:["nodes"], Verbs:["list" "get"]}`,
  })
})

test('the verbs escalate and bind lift the rule, on the role they name', async () => {
  const { api, as } = await testCluster()
  const apiGroups = ['rbac.authorization.k8s.io']
  const lifted = [
    { apiGroups, resources: ['roles', 'rolebindings'], verbs: ['create', 'update', 'escalate'] },
    { apiGroups, resources: ['clusterroles'], resourceNames: ['view'], verbs: ['bind'] },
  ]
  await api.create(`${RBAC}/namespaces/default/roles`, role(lifted))
  await api.create(`${RBAC}/namespaces/default/rolebindings`, binding(toJane))
  const bind = (name: string) =>
    as(jane).create(`${RBAC}/namespaces/default/rolebindings`, {
      ...binding(toJane, { kind: 'ClusterRole', name }),
      metadata: { name: `of-${name}` },
    })
  await bind('view')
  await assert.rejects(bind('edit'), { reason: 'Forbidden' })
  await as(jane).create(`${RBAC}/namespaces/default/roles`, {
    ...role([{ apiGroups: ['*'], resources: ['*'], verbs: ['*'] }]),
    metadata: { name: 'everything' },
  })
})

test('who may write a role may change its labels, though its rules are more than his', async () => {
  const { api, as } = await testCluster()
  const roles = `${RBAC}/namespaces/default/roles`
  const everything = [{ apiGroups: ['*'], resources: ['*'], verbs: ['*'] }]
  await api.create(roles, { ...role(everything), metadata: { name: 'big' } })
  const own = [{ apiGroups: ['rbac.authorization.k8s.io'], resources: ['roles'], verbs: ['*'] }]
  await api.create(roles, role(own.map((rule) => ({ ...rule, verbs: ['get', 'patch'] }))))
  await api.create(`${RBAC}/namespaces/default/rolebindings`, binding(toJane))
  await as(jane).patch(`${roles}/big`, { metadata: { labels: { a: 'b' } } })
  const more = [{ apiGroups: [''], resources: ['pods'], verbs: ['get'] }]
  await assert.rejects(as(jane).patch(`${roles}/big`, { rules: more }), { reason: 'Forbidden' })
})

test('only who may everything sets what a role aggregates', async () => {
  const { api, as } = await testCluster()
  const apiGroups = ['rbac.authorization.k8s.io']
  await api.create(`${RBAC}/clusterroles`, {
    metadata: { name: 'writer' },
    rules: [{ apiGroups, resources: ['clusterroles'], verbs: ['create'] }],
  })
  await api.create(`${RBAC}/clusterrolebindings`, {
    ...binding(toJane, { kind: 'ClusterRole', name: 'writer' }),
    kind: 'ClusterRoleBinding',
  })
  const sum = {
    metadata: { name: 'sum' },
    aggregationRule: { clusterRoleSelectors: [{ matchLabels: { a: 'b' } }] },
  }
  await assert.rejects(as(jane).create(`${RBAC}/clusterroles`, sum), {
    message: /not currently held:\n\{APIGroups:\["\*"\], Resources:\["\*"\], Verbs:\["\*"\]\}/,
  })
})

test('a binding that leads nowhere is told in the refusal', async () => {
  const { api, as } = await testCluster()
  const roles = `${RBAC}/namespaces/default/roles`
  await api.create(roles, role([]))
  await api.create(`${RBAC}/namespaces/default/rolebindings`, binding(toJane))
  await api.delete(`${roles}/r`)
  await assert.rejects(as(jane).get(PODS), {
    message:
      'pods is forbidden: User "jane" cannot list resource "pods" in API group "" in the namespace "default": RBAC: role.rbac.authorization.k8s.io "r" not found',
  })
  const rules = await as(jane).create('/apis/authorization.k8s.io/v1/selfsubjectrulesreviews', {
    spec: { namespace: 'default' },
  })
  assert.equal(rules['status']?.['evaluationError'], 'role.rbac.authorization.k8s.io "r" not found')
})

test('access reviews tell what would be decided, and why', async () => {
  const { api } = await testCluster()
  await api.create(
    `${RBAC}/namespaces/default/roles`,
    role([{ apiGroups: [''], resources: ['pods'], verbs: ['list'] }]),
  )
  const account = [{ kind: 'ServiceAccount', name: 'default', namespace: 'default' }]
  await api.create(`${RBAC}/namespaces/default/rolebindings`, binding(account))
  const review = (verb: string) =>
    api.create('/apis/authorization.k8s.io/v1/subjectaccessreviews', {
      spec: {
        user: 'system:serviceaccount:default:default',
        resourceAttributes: { namespace: 'default', verb, resource: 'pods' },
      },
    })
  assert.deepEqual((await review('list'))['status'], {
    allowed: true,
    reason:
      'RBAC: allowed by RoleBinding "b/default" of Role "r" to ServiceAccount "default/default"',
  })
  assert.deepEqual((await review('create'))['status'], { allowed: false })
})

test('a user may ask who he is and what he may', async () => {
  const { as } = await testCluster()
  const me = await as(jane).create('/apis/authentication.k8s.io/v1/selfsubjectreviews', {})
  assert.deepEqual(me['status']?.['userInfo'], jane)
  const may = await as(jane).create('/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', {
    spec: { resourceAttributes: { verb: 'get', resource: 'nodes' } },
  })
  assert.equal(may['status']?.['allowed'], false)
})
