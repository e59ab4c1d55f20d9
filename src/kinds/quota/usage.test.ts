import assert from 'node:assert/strict'
import { test } from 'node:test'
import type {
  Container,
  Pod,
  PodSpec,
  ResourceQuota,
  ResourceQuotaSpec,
  Service,
} from '../k8s/core.ts'
import type { KubeObject } from '../object.ts'
import { missingAmounts } from './pod-usage.ts'
import { countedKind, countsObject, quotaRuleOf, usageOfAll } from './usage.ts'

const meta = { name: 'a', namespace: 'n' }
const container = (name: string, resources: Container['resources'] = {}): Container => ({
  name,
  image: 'busybox',
  resources,
})
const pod = (spec: Partial<PodSpec>, more: Partial<Pod> = {}): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: meta,
  spec: { containers: [container('main')], ...spec },
  ...more,
})
const quota = (spec: ResourceQuotaSpec): ResourceQuota => ({
  apiVersion: 'v1',
  kind: 'ResourceQuota',
  metadata: meta,
  spec,
})
const service = (spec: Partial<Service['spec']>): Service => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: meta,
  spec: { ports: [{ port: 80 }, { port: 81 }], ...spec },
})
const usageOf = (resource: string, object: KubeObject) =>
  quotaRuleOf({ group: '', resource }).usageOf(object, 0)

test('a pod counts with the most it can use at any time', () => {
  const used = usageOf(
    'pods',
    pod({
      initContainers: [
        container('first', { requests: { cpu: '2', memory: '1Mi' } }),
        { ...container('beside', { requests: { cpu: '500m' } }), restartPolicy: 'Always' },
      ],
      containers: [
        container('a', {
          requests: { cpu: '500m', memory: '32Mi', 'example.com/gpu': '1', 'hugepages-2Mi': '4Mi' },
          limits: { memory: '64Mi' },
        }),
        container('b', { requests: { cpu: '250m', memory: '32Mi' } }),
      ],
      overhead: { memory: '1Mi', cpu: '10m' },
    }),
  )
  assert.deepEqual(used, {
    'count/pods': '1',
    pods: '1',
    cpu: '2010m',
    'requests.cpu': '2010m',
    memory: '65Mi',
    'requests.memory': '65Mi',
    'limits.memory': '65Mi',
    'requests.example.com/gpu': '1',
    'hugepages-2Mi': '4Mi',
    'requests.hugepages-2Mi': '4Mi',
  })
})

test('a pod that has ended, or should have, only counts as stored', () => {
  const stored = { 'count/pods': '1' }
  assert.deepEqual(usageOf('pods', pod({}, { status: { phase: 'Succeeded' } })), stored)
  const going = {
    ...meta,
    deletionTimestamp: '2026-01-01T00:00:30Z',
    deletionGracePeriodSeconds: 30,
  }
  const rule = quotaRuleOf({ group: '', resource: 'pods' })
  const late = Date.parse('2026-01-01T00:01:01Z')
  assert.deepEqual(rule.usageOf(pod({}, { metadata: going }), late), stored)
  assert.equal(rule.usageOf(pod({}, { metadata: going }), late - 1000)['pods'], '1')
})

test('a service counts with its node ports and its balancer', () => {
  const counts = (spec: Partial<Service['spec']>) => {
    const used = usageOf('services', service(spec))
    return [used['services'], used['services.nodeports'], used['services.loadbalancers']]
  }
  assert.deepEqual(counts({}), ['1', '0', '0'])
  assert.deepEqual(counts({ type: 'NodePort' }), ['1', '2', '0'])
  assert.deepEqual(counts({ type: 'LoadBalancer' }), ['1', '2', '1'])
  assert.deepEqual(counts({ type: 'LoadBalancer', allocateLoadBalancerNodePorts: false }), [
    '1',
    '0',
    '1',
  ])
})

test('a claim counts for its storage class too', () => {
  const claim = {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: meta,
    spec: { storageClassName: 'gold', resources: { requests: { storage: '1Gi' } } },
    status: { allocatedResources: { storage: '2Gi' } },
  }
  assert.deepEqual(usageOf('persistentvolumeclaims', claim), {
    'count/persistentvolumeclaims': '1',
    persistentvolumeclaims: '1',
    'gold.storageclass.storage.k8s.io/persistentvolumeclaims': '1',
    'requests.storage': '2Gi',
    'gold.storageclass.storage.k8s.io/requests.storage': '2Gi',
  })
})

const inScope: [criterion: string, spec: ResourceQuotaSpec, pod: Partial<PodSpec>, is: boolean][] =
  [
    ['Terminating', { scopes: ['Terminating'] }, { activeDeadlineSeconds: 5 }, true],
    ['NotTerminating', { scopes: ['NotTerminating'] }, { activeDeadlineSeconds: 5 }, false],
    ['BestEffort', { scopes: ['BestEffort'] }, {}, true],
    ['both', { scopes: ['BestEffort', 'Terminating'] }, {}, false],
    [
      'NotBestEffort',
      { scopes: ['NotBestEffort'] },
      { containers: [container('a', { limits: { cpu: '1' } })] },
      true,
    ],
    ['any priority', { scopes: ['PriorityClass'] }, { priorityClassName: 'high' }, true],
    ['any priority of none', { scopes: ['PriorityClass'] }, {}, false],
    [
      'cross-namespace affinity',
      { scopes: ['CrossNamespacePodAffinity'] },
      {
        affinity: {
          podAffinity: {
            requiredDuringSchedulingIgnoredDuringExecution: [
              { topologyKey: 'kubernetes.io/hostname', namespaces: ['other'] },
            ],
          },
        },
      },
      true,
    ],
    ...(
      [
        ['In', ['high'], true],
        ['NotIn', ['high'], false],
        ['NotIn', ['low'], true],
        ['DoesNotExist', undefined, false],
      ] as const
    ).map(([operator, values, is]): [string, ResourceQuotaSpec, Partial<PodSpec>, boolean] => [
      `a priority ${operator} ${values?.[0] ?? ''}`,
      {
        scopeSelector: {
          matchExpressions: [
            { scopeName: 'PriorityClass', operator, ...(values ? { values: [...values] } : {}) },
          ],
        },
      },
      { priorityClassName: 'high' },
      is,
    ]),
  ]
for (const [criterion, spec, of, is] of inScope)
  test(`scope of a quota: ${criterion}`, () => {
    const rule = quotaRuleOf({ group: '', resource: 'pods' })
    assert.equal(countsObject(quota(spec), rule, pod(of)), is)
  })

test('a quota with a scope counts nothing but pods', () => {
  const rule = quotaRuleOf({ group: '', resource: 'configmaps' })
  const map = { apiVersion: 'v1', kind: 'ConfigMap', metadata: meta }
  assert.equal(countsObject(quota({ scopes: ['BestEffort'] }), rule, map), false)
  assert.equal(countsObject(quota({}), rule, map), true)
})

test('all usage is summed, of what the quota bounds', () => {
  const objects = [
    pod({ containers: [container('a', { requests: { memory: '512Mi' } })] }),
    pod({ containers: [container('a', { requests: { memory: '1Gi', cpu: '1' } })] }),
  ]
  const rule = quotaRuleOf({ group: '', resource: 'pods' })
  const bounded = quota({
    hard: { pods: '5', 'requests.memory': '4Gi', 'limits.cpu': '1', secrets: '1' },
  })
  assert.deepEqual(usageOfAll(bounded, rule, { objects, nowMs: 0 }), {
    pods: '2',
    'requests.memory': '1536Mi',
    'limits.cpu': '0',
  })
})

test('the kind that a resource counts is read from its name', () => {
  const cases: [string, string][] = [
    ['count/deployments.apps', 'apps/deployments'],
    ['count/boats.sea.example.com', 'sea.example.com/boats'],
    ['count/configmaps', '/configmaps'],
    ['secrets', '/secrets'],
    ['requests.example.com/gpu', '/pods'],
    ['services.nodeports', '/services'],
    ['gold.storageclass.storage.k8s.io/requests.storage', '/persistentvolumeclaims'],
  ]
  for (const [name, kind] of cases) {
    const found = countedKind(name)
    assert.equal(`${found?.group}/${found?.resource}`, kind)
  }
  assert.equal(countedKind('example.com/none'), undefined)
})

test('containers that leave out what a quota bounds are named', () => {
  const spec = {
    containers: [container('b', { requests: { cpu: '1' } }), container('a')],
    initContainers: [container('c')],
  }
  assert.equal(
    missingAmounts(pod(spec), ['requests.cpu', 'limits.memory', 'pods', 'requests.storage']),
    'must specify limits.memory for: a,b,c; requests.cpu for: a,c',
  )
  assert.equal(
    missingAmounts(pod({ ...spec, resources: { limits: { cpu: '1' } } }), ['cpu']),
    undefined,
  )
})
