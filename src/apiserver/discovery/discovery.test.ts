import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Json } from '../test-cluster.ts'
import { testCluster, listOf, textOf } from '../test-cluster.ts'
import { builtinResources } from '../builtin-resources.ts'
import { builtinKinds } from '#kinds/registry.ts'
import { createResourceRegistry } from '../resources.ts'
import { reviewResources } from '../reviews/reviews.ts'
import { createDiscovery } from './discovery.ts'
import { compareVersions } from './groups.ts'

test('discovery lists groups, versions and resources with their subresources', async () => {
  const { api } = await testCluster()
  const versions = await api.get('/api')
  assert.deepEqual(versions['versions'], ['v1'])
  assert.deepEqual(versions['serverAddressByClientCIDRs'], [])
  await api.create('/apis/discovery.k8s.io/v1/namespaces/default/endpointslices', {
    metadata: { name: 'kubernetes', labels: { 'kubernetes.io/service-name': 'kubernetes' } },
    addressType: 'IPv4',
    endpoints: [{ addresses: ['10.64.1.1'] }],
    ports: [{ name: 'https', port: 443 }],
  })
  assert.deepEqual((await api.get('/api'))['serverAddressByClientCIDRs'], [
    { clientCIDR: '0.0.0.0/0', serverAddress: '10.64.1.1:443' },
  ])
  const groups = (await api.get('/apis'))['groups'] as unknown as Json[]
  assert.equal(
    groups.some(({ name }) => textOf(name) === 'apps'),
    true,
  )
  assert.equal((await api.get('/apis/apps'))['kind'], 'APIGroup')
  const list = await api.get('/apis/apps/v1')
  const deployments = listOf(list['resources']).filter((one) =>
    textOf(one['name']).startsWith('deployments'),
  )
  assert.deepEqual(
    deployments.map(({ name, verbs }) => [name, verbs]),
    [
      [
        'deployments',
        ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'],
      ],
      ['deployments/scale', ['get', 'patch', 'update']],
      ['deployments/status', ['get', 'patch', 'update']],
    ],
  )
})

test('discovery of what is not there is not found', async () => {
  const { api } = await testCluster()
  for (const path of ['/apis/none.example.com', '/apis/apps/v9', '/api/v9', '/nothing'])
    await assert.rejects(api.get(path), { reason: 'NotFound' }, path)
})

test('discovery answers aggregated when the client prefers that', () => {
  const resources = createResourceRegistry(builtinKinds.flatMap(builtinResources), reviewResources)
  const discovery = createDiscovery(resources)
  const accept =
    'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json'
  const outcome = discovery(['apis'], accept)
  assert.equal(outcome.type, 'document')
  const { items } = JSON.parse(outcome.text) as Json
  const apps = listOf(items).find(({ metadata }) => textOf(metadata?.['name']) === 'apps')
  const [version] = listOf(apps?.['versions'])
  const found = listOf(version?.['resources']).map(({ resource }) => resource)
  assert.deepEqual(found, [
    'controllerrevisions',
    'daemonsets',
    'deployments',
    'replicasets',
    'statefulsets',
  ])
})

test('compareVersions puts stable before beta before alpha, newer first', () => {
  const sorted = ['v1beta1', 'v1', 'v2alpha1', 'v2', 'v10', 'odd'].toSorted(compareVersions)
  assert.deepEqual(sorted, ['v10', 'v2', 'v1', 'v1beta1', 'v2alpha1', 'odd'])
})

test('OpenAPI v3 says that writes take fieldValidation and which patches there are', async () => {
  const { api } = await testCluster()
  const index = await api.get('/openapi/v3')
  assert.match(
    textOf(index['paths']?.['apis/apps/v1']?.['serverRelativeURL']),
    /\?hash=[0-9A-F]{32}$/,
  )
  const document = await api.get('/openapi/v3/apis/apps/v1')
  const item = document['paths']?.['/apis/apps/v1/namespaces/{namespace}/deployments/{name}']
  const parameters = listOf(item?.['patch']?.['parameters'])
  assert.equal(
    parameters.some(({ name }) => textOf(name) === 'fieldValidation'),
    true,
  )
  const types = Object.keys(item?.['patch']?.['requestBody']?.['content'] ?? {})
  assert.equal(types.includes('application/strategic-merge-patch+json'), true)
})

test('OpenAPI documents refer only to schemas they have', async () => {
  const { api } = await testCluster()
  for (const path of ['/openapi/v3/api/v1', '/openapi/v2']) {
    const text = JSON.stringify(await api.get(path))
    const { components, definitions } = JSON.parse(text) as Json
    const known = new Set(Object.keys(components?.['schemas'] ?? definitions ?? {}))
    for (const [, name] of text.matchAll(/"#\/(?:components\/schemas|definitions)\/([^"]+)"/g))
      assert.equal(known.has(name!), true, `${path}: ${name}`)
  }
})

test('health answers in a word, or check by check', async () => {
  const { cluster } = await testCluster()
  const call = cluster.call({ username: 'system:anonymous', groups: ['system:unauthenticated'] })
  const ask = async (path: string, query: string) => {
    const answer = await call({ method: 'GET', path, query: new URLSearchParams(query) })
    assert.equal(answer.type, 'bytes')
    const chunks = await Array.fromAsync(answer.chunks)
    return Buffer.concat(chunks).toString()
  }
  assert.equal(await ask('/readyz', ''), 'ok')
  assert.match(await ask('/livez', 'verbose'), /^\[\+\]ping ok\n.*livez check passed\n$/s)
})
