import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PODS, pod, serviceAccount, type TestApi, testCluster, listOf } from '../test-cluster.ts'

async function clusterWith(...limits: object[]): Promise<TestApi> {
  const { api } = await testCluster()
  await api.create('/api/v1/namespaces/default/serviceaccounts', serviceAccount('default'))
  await api.create('/api/v1/namespaces/default/limitranges', {
    apiVersion: 'v1',
    kind: 'LimitRange',
    metadata: { name: 'l' },
    spec: { limits },
  })
  return api
}

const withResources = (name: string, resources: object, spec: object = {}) =>
  pod(name, { containers: [{ name: 'main', image: 'busybox', resources }], ...spec })

const CONTAINER = {
  type: 'Container',
  default: { cpu: '200m', memory: '64Mi' },
  defaultRequest: { cpu: '100m' },
  max: { cpu: '400m' },
  min: { cpu: '10m' },
  maxLimitRequestRatio: { cpu: '4' },
}

test('what containers leave out is filled in, and told by an annotation', async () => {
  const api = await clusterWith(CONTAINER)
  const { spec, metadata, status } = await api.create(
    PODS,
    withResources(
      'p',
      { requests: { cpu: '150m' } },
      { initContainers: [{ name: 'first', image: 'busybox' }] },
    ),
  )
  assert.deepEqual(listOf(spec?.['containers'])[0]?.['resources'], {
    requests: { cpu: '150m', memory: '64Mi' },
    limits: { cpu: '200m', memory: '64Mi' },
  })
  assert.equal(status?.['qosClass'], 'Burstable')
  assert.deepEqual(metadata?.['annotations'], {
    'kubernetes.io/limit-ranger':
      'LimitRanger plugin set: memory request for container main; cpu, memory limit for container main; cpu, memory request for init container first; cpu, memory limit for init container first',
  })
})

const refused: [criterion: string, limits: object, spec: object, why: string][] = [
  [
    'over the maximum',
    CONTAINER,
    withResources('p', { limits: { cpu: '2' } }),
    'maximum cpu usage per Container is 400m, but limit is 2',
  ],
  [
    'under the minimum, and so over the ratio',
    CONTAINER,
    withResources('p', { requests: { cpu: '1m' } }),
    '[minimum cpu usage per Container is 10m, but request is 1m, cpu max limit to request ratio per Container is 4, but provided ratio is 200.000000]',
  ],
  [
    'nothing said where a minimum is',
    { type: 'Pod', min: { memory: '1Mi' } },
    pod('p'),
    'minimum memory usage per Pod is 1Mi.  No request is specified',
  ],
  [
    'nothing said where a maximum and a ratio are',
    { type: 'Pod', max: { memory: '1Mi' }, maxLimitRequestRatio: { memory: '2' } },
    pod('p'),
    '[maximum memory usage per Pod is 1Mi.  No limit is specified, memory max limit to request ratio per Pod is 2, but no request is specified or request is 0]',
  ],
  [
    'too much of all containers together',
    { type: 'Pod', max: { cpu: '1' } },
    pod('p', {
      containers: ['a', 'b'].map((name) => ({
        name,
        image: 'busybox',
        resources: { limits: { cpu: '600m' } },
      })),
    }),
    'maximum cpu usage per Pod is 1, but limit is 1200m',
  ],
]
for (const [criterion, limits, body, why] of refused)
  test(`a limit range refuses a pod: ${criterion}`, async () => {
    const api = await clusterWith(limits)
    await assert.rejects(api.create(PODS, body), {
      reason: 'Forbidden',
      message: `pods "p" is forbidden: ${why}`,
    })
  })

test('a pod made before a limit range may still be changed', async () => {
  const { api } = await testCluster()
  await api.create('/api/v1/namespaces/default/serviceaccounts', serviceAccount('default'))
  await api.create(PODS, pod('p'))
  await api.create('/api/v1/namespaces/default/limitranges', {
    apiVersion: 'v1',
    kind: 'LimitRange',
    metadata: { name: 'l' },
    spec: { limits: [{ type: 'Pod', min: { cpu: '1' } }] },
  })
  await api.patch(`${PODS}/p`, { metadata: { labels: { a: 'b' } } })
})
