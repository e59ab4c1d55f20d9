import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { UserInfo } from '#base/api-call.ts'
import type { FlowSchema, PriorityLevelConfiguration } from '#kinds/k8s/flowcontrol.ts'
import { readRequest } from '../request-info.ts'
import { distinguish, findSchema } from './classify.ts'
import { fairnessObjects } from './fairness-objects.ts'
import { readFlowConfig } from './flow-config.ts'

const ofKind = <T>(kind: string) => fairnessObjects.filter((one) => one.kind === kind) as T[]
const schemas = ofKind<FlowSchema>('FlowSchema')
const levels = ofKind<PriorityLevelConfiguration>('PriorityLevelConfiguration')

const known = (username: string, ...groups: string[]): UserInfo => ({
  username,
  groups: [...groups, 'system:authenticated'],
})
const admin = known('admin', 'system:masters')
const jane = known('jane')
const nobody: UserInfo = { username: 'system:anonymous', groups: ['system:unauthenticated'] }
const stranger: UserInfo = { username: 'stranger', groups: [] }
const node = known('system:node:n1', 'system:nodes')
const account = (namespace: string, name: string) =>
  known(`system:serviceaccount:${namespace}:${name}`, 'system:serviceaccounts')
const manager = known('system:kube-controller-manager')
const scheduler = known('system:kube-scheduler')

const requestOf = (line: string) => {
  const [method, url] = line.split(' ') as ['GET' | 'POST' | 'PUT', string]
  const [path, query] = url.split('?')
  return readRequest({ method, path: path!, query: new URLSearchParams(query) })
}

const PODS = 'GET /api/v1/namespaces/default/pods'
const LEASE = (namespace: string) =>
  `PUT /apis/coordination.k8s.io/v1/namespaces/${namespace}/leases/one`
const ENDPOINTS = 'PUT /api/v1/namespaces/default/endpoints/one'

/** With the objects every cluster starts with. */
const CASES: readonly [user: UserInfo, request: string, schema: string][] = [
  [admin, PODS, 'exempt'],
  [admin, 'GET /healthz', 'exempt'],
  [nobody, 'GET /healthz', 'probes'],
  [jane, 'GET /readyz', 'probes'],
  [jane, 'GET /readyz/ping', 'global-default'],
  [jane, 'POST /readyz', 'global-default'],
  [jane, PODS, 'global-default'],
  [nobody, PODS, 'global-default'],
  [stranger, PODS, 'catch-all'],
  [node, 'PUT /api/v1/nodes/n1/status', 'system-node-high'],
  [node, 'GET /api/v1/nodes', 'system-node-high'],
  [node, LEASE('kube-node-lease'), 'system-node-high'],
  [node, PODS, 'system-nodes'],
  [manager, LEASE('kube-system'), 'system-leader-election'],
  [manager, LEASE('default'), 'kube-controller-manager'],
  [account('kube-system', 'any'), LEASE('kube-system'), 'system-leader-election'],
  [account('kube-system', 'any'), LEASE('default'), 'workload-leader-election'],
  [account('default', 'any'), LEASE('default'), 'service-accounts'],
  [manager, ENDPOINTS, 'endpoint-controller'],
  [account('kube-system', 'endpoint-controller'), ENDPOINTS, 'endpoint-controller'],
  [account('kube-system', 'other'), ENDPOINTS, 'workload-leader-election'],
  [manager, PODS, 'kube-controller-manager'],
  [scheduler, PODS, 'kube-scheduler'],
  [account('kube-system', 'any'), PODS, 'kube-system-service-accounts'],
  [account('kube-system-2', 'any'), PODS, 'service-accounts'],
]

test('each request is of the flow schema that it has in Kubernetes', () => {
  const config = readFlowConfig(schemas, levels)
  for (const [user, line, expected] of CASES)
    assert.equal(
      findSchema(config.schemas, user, requestOf(line)).name,
      expected,
      `${user.username} ${line}`,
    )
})

const schema = (name: string, spec: Partial<FlowSchema['spec']>): FlowSchema => ({
  apiVersion: 'flowcontrol.apiserver.k8s.io/v1',
  kind: 'FlowSchema',
  metadata: { name, uid: `uid-${name}` },
  spec: {
    priorityLevelConfiguration: { name: 'workload-low' },
    matchingPrecedence: 1_000,
    rules: [],
    ...spec,
  },
})
const ofJane = { subjects: [{ kind: 'User', user: { name: 'jane' } }] }
const rule = (more: object = {}) => ({
  verbs: ['*'],
  apiGroups: ['*'],
  resources: ['*'],
  clusterScope: true,
  namespaces: ['*'],
  ...more,
})

function schemaOf(own: readonly FlowSchema[], user: UserInfo, line: string): string {
  const config = readFlowConfig([...schemas, ...own], levels)
  return findSchema(config.schemas, user, requestOf(line)).name
}

test('a rule is held against verb, group, resource with subresource, and namespace', () => {
  const matches = (resourceRule: ReturnType<typeof rule>, line: string) =>
    schemaOf([schema('own', { rules: [{ ...ofJane, resourceRules: [resourceRule] }] })], jane, line)
  const cases: readonly [more: object, request: string, isOwn: boolean][] = [
    [{}, PODS, true],
    [{}, 'GET /version', false],
    [{ verbs: ['list', 'watch'] }, PODS, true],
    [{ verbs: ['list', 'watch'] }, `${PODS}/one`, false],
    [{ apiGroups: [''] }, PODS, true],
    [{ apiGroups: ['apps'] }, PODS, false],
    [{ resources: ['pods'] }, `${PODS}/one/status`, false],
    [{ resources: ['pods/status'] }, `${PODS}/one/status`, true],
    [{ namespaces: ['other'] }, PODS, false],
    [{ namespaces: ['default'], clusterScope: false }, PODS, true],
    [{ namespaces: ['default'], clusterScope: false }, 'GET /api/v1/pods', false],
    [{ namespaces: [], clusterScope: true }, 'GET /api/v1/pods', true],
    [{ namespaces: [], clusterScope: true }, PODS, false],
  ]
  for (const [more, line, isOwn] of cases)
    assert.equal(
      matches(rule(more), line),
      isOwn ? 'own' : 'global-default',
      `${JSON.stringify(more)} ${line}`,
    )
})

test('a path is matched as it is, or by what comes before a star', () => {
  const rules = [
    {
      ...ofJane,
      nonResourceRules: [{ verbs: ['get'], nonResourceURLs: ['/metrics', '/debug/*'] }],
    },
  ]
  const of = (line: string) => schemaOf([schema('own', { rules })], jane, line)
  assert.equal(of('GET /metrics'), 'own')
  assert.equal(of('GET /debug/pprof'), 'own')
  assert.equal(of('GET /debug'), 'global-default')
  assert.equal(of('GET /metrics/slis'), 'global-default')
  assert.equal(of('POST /metrics'), 'global-default')
})

test('schemas are asked by precedence, then by name; subjects may be everyone', () => {
  const everyone = { subjects: [{ kind: 'User', user: { name: '*' } }], resourceRules: [rule()] }
  const groups = { subjects: [{ kind: 'Group', group: { name: '*' } }], resourceRules: [rule()] }
  const own = [
    schema('b', { rules: [everyone] }),
    schema('a', { rules: [groups] }),
    schema('late', { rules: [everyone], matchingPrecedence: 1_001 }),
  ]
  assert.equal(schemaOf(own, stranger, PODS), 'a')
  assert.equal(schemaOf(own.slice(0, 1), stranger, PODS), 'b')
  assert.equal(schemaOf(own.slice(2), stranger, PODS), 'late')
})

test('a schema whose priority level is not there is passed over', () => {
  const rules = [{ ...ofJane, resourceRules: [rule()] }]
  const dangling = schema('own', { rules, priorityLevelConfiguration: { name: 'gone' } })
  assert.equal(schemaOf([dangling], jane, PODS), 'global-default')
})

test('what is stored cannot lock administrators out, nor leave a request without a schema', () => {
  const hijacked = schemas.map((one) =>
    one.metadata.name === 'exempt' || one.metadata.name === 'catch-all'
      ? schema(one.metadata.name, { matchingPrecedence: 1, rules: [] })
      : one,
  )
  for (const [stored, storedLevels] of [
    [[], []],
    [hijacked, levels],
  ] as const) {
    const config = readFlowConfig(stored, storedLevels)
    const found = findSchema(config.schemas, admin, requestOf(PODS))
    assert.equal(found.name, 'exempt')
    assert.equal(config.levels.find(({ name }) => name === found.level)?.isExempt, true)
    assert.equal(findSchema(config.schemas, stranger, requestOf(PODS)).name, 'catch-all')
    const probe = findSchema(config.schemas, nobody, requestOf('GET /livez'))
    assert.equal(probe.level, 'exempt')
  }
  assert.equal(readFlowConfig(hijacked, levels).schemas[0]?.uid, 'uid-exempt')
})

test('flows are told apart by user, by namespace, or not at all', () => {
  const of = (by: 'ByUser' | 'ByNamespace' | undefined, line = PODS) => {
    const distinguisherMethod = by === undefined ? {} : { distinguisherMethod: { type: by } }
    const { schemas: all } = readFlowConfig([schema('own', distinguisherMethod)], levels)
    return distinguish(
      all.find(({ name }) => name === 'own')!,
      jane,
      requestOf(line),
    )
  }
  assert.equal(of('ByUser'), 'jane')
  assert.equal(of('ByNamespace'), 'default')
  assert.equal(of('ByNamespace', 'GET /api/v1/nodes'), '')
  assert.equal(of('ByNamespace', 'GET /version'), '')
  assert.equal(of(undefined), '')
})
