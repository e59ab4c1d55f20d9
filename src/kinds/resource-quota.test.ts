import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ResourceQuota, ResourceQuotaSpec } from './k8s/core.ts'
import { resourceQuotaKind } from './resource-quota.ts'

const quota = (spec: ResourceQuotaSpec, status = {}): ResourceQuota => ({
  apiVersion: 'v1',
  kind: 'ResourceQuota',
  metadata: { name: 'q', namespace: 'n' },
  spec,
  status,
})

const messagesOf = (spec: ResourceQuotaSpec, old?: ResourceQuotaSpec) =>
  resourceQuotaKind
    .validate(quota(spec), old && quota(old))
    .map(({ field, message }) => `${field}: ${message}`)

test('a quota names resources that can be counted', () => {
  assert.deepEqual(
    messagesOf({
      hard: {
        'requests.cpu': '500m',
        'count/deployments.apps': '1',
        'requests.example.com/gpu': '1',
        'gold.storageclass.storage.k8s.io/requests.storage': '1Gi',
        'requests.hugepages-2Mi': '4Mi',
      },
    }),
    [],
  )
  assert.deepEqual(messagesOf({ hard: { bananas: '1', pods: '-1500m' } }), [
    'spec.hard[bananas]: Invalid value: "bananas": must be a standard resource type or fully qualified',
    'spec.hard[bananas]: Invalid value: "bananas": must be a standard resource for quota',
    'spec.hard[pods]: Invalid value: "-1500m": must be greater than or equal to 0',
    'spec.hard[pods]: Invalid value: "-1500m": must be an integer',
  ])
})

test('a scope selects pods, so that only what pods use can be bound', () => {
  assert.deepEqual(messagesOf({ hard: { pods: '1' }, scopes: ['BestEffort'] }), [])
  assert.deepEqual(messagesOf({ hard: { cpu: '1' }, scopes: ['BestEffort'] }), [
    'spec.scopes: Invalid value: ["BestEffort"]: unsupported scope applied to resource',
  ])
  assert.deepEqual(messagesOf({ scopes: ['Terminating', 'NotTerminating'] }), [
    'spec.scopes: Invalid value: ["Terminating","NotTerminating"]: conflicting scopes',
  ])
})

test('a scope selector is an operator with or without values', () => {
  const field = 'spec.scopeSelector.matchExpressions'
  const selecting = (
    scopeName: 'PriorityClass' | 'Terminating',
    operator: 'Exists' | 'In',
    values?: string[],
  ) => messagesOf({ scopeSelector: { matchExpressions: [{ scopeName, operator, values }] } })
  assert.deepEqual(selecting('PriorityClass', 'In', ['high']), [])
  assert.deepEqual(selecting('PriorityClass', 'In'), [
    `${field}.values: Required value: must be at least one value when \`operator\` is 'In' or 'NotIn' for scope selector`,
  ])
  assert.deepEqual(selecting('PriorityClass', 'Exists', ['high']), [
    `${field}.values: Invalid value: ["high"]: must be no value when \`operator\` is 'Exist' or 'DoesNotExist' for scope selector`,
  ])
  assert.match(selecting('Terminating', 'In', ['a'])[0] ?? '', /must be 'Exist' when scope is any/)
})

test('the scopes of a quota stay', () => {
  assert.deepEqual(messagesOf({ scopes: ['Terminating'] }, {}), [
    'spec.scopes: Invalid value: ["Terminating"]: field is immutable',
  ])
})

test('a quota shows what is used of what is allowed', () => {
  const object = quota(
    {},
    { hard: { pods: '2', 'limits.cpu': '1', configmaps: '3' }, used: { pods: '1' } },
  )
  const cells = resourceQuotaKind.columns.slice(1, 3).map((column) => column.cell(object, 0))
  assert.deepEqual(cells, ['configmaps: 0/3, pods: 1/2', 'limits.cpu: 0/1'])
})
