// What Kubernetes' conformance tests ask of custom resource definitions and what they publish.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { settle } from '#base/fake-clock.ts'
import type { CustomResourceDefinition } from '#kinds/k8s/apiextensions.ts'
import { customResources } from './custom-resource.ts'
import type { Json, TestApi } from '../test-cluster.ts'
import { listOf, testCluster } from '../test-cluster.ts'

const CRDS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions'

const version = (name: string, more: object = {}) => ({
  name,
  served: true,
  storage: name === 'v1',
  schema: {
    openAPIV3Schema: {
      type: 'object',
      properties: {
        spec: {
          type: 'object',
          properties: { [`of-${name}`]: { type: 'string', description: `in ${name}` } },
        },
      },
    },
  },
  ...more,
})

const definition = (
  plural: string,
  {
    kind = 'Thing',
    group = 'example.com',
    labels = {},
    versions = [version('v1')],
  }: {
    kind?: string
    group?: string
    labels?: Record<string, string>
    versions?: object[]
  } = {},
) => ({
  metadata: { name: `${plural}.${group}`, labels },
  spec: { group, scope: 'Namespaced', names: { plural, kind }, versions },
})

async function publishedKinds(api: TestApi, path: string): Promise<string[]> {
  const document = await api.get(`/openapi/v3/${path}`)
  const schemas = document['components']?.['schemas'] as Record<string, Json> | undefined
  return Object.keys(schemas ?? {}).filter((name) => name.startsWith('com.example'))
}

test('definitions are listed by label and deleted as a collection', async () => {
  const { api } = await testCluster()
  for (let index = 0; index < 10; index++)
    await api.create(
      CRDS,
      definition(`things${index}s`, { kind: `Thing${index}`, labels: { set: 'yes' } }),
    )
  await api.create(CRDS, definition('others', { kind: 'Other' }))
  const query = '?labelSelector=set%3Dyes'
  assert.equal(listOf((await api.get(CRDS + query))['items']).length, 10)
  await api.delete(CRDS + query)
  for (let i = 0; i < 30; i++) await settle()
  const left = listOf((await api.get(CRDS))['items']).map(({ metadata }) => metadata?.['name'])
  assert.deepEqual(left, ['others.example.com'])
})

test('the status of a definition is read, replaced and patched on its own', async () => {
  const { api } = await testCluster()
  await api.create(CRDS, definition('things'))
  const path = `${CRDS}/things.example.com/status`
  const read = await api.get(path)
  const mine = { type: 'Mine', status: 'True', reason: 'E2E', message: 'set by a test' }
  const conditions = [...listOf(read['status']?.['conditions']), mine]
  const replaced = await api.update(path, { ...read, status: { ...read['status'], conditions } })
  const typesOf = (object: Json) => listOf(object['status']?.['conditions']).map(({ type }) => type)
  assert.deepEqual(typesOf(replaced), ['NamesAccepted', 'Established', 'Mine'])
  await settle()
  assert.deepEqual(typesOf(await api.get(path)), ['NamesAccepted', 'Established', 'Mine'])
  await api.patch(path, { status: { conditions: [...conditions, { ...mine, type: 'Yours' }] } })
  assert.deepEqual(typesOf(await api.get(path)), ['NamesAccepted', 'Established', 'Mine', 'Yours'])
})

test('custom objects are watched as they are made, changed and deleted', async () => {
  const { api } = await testCluster()
  await api.create(CRDS, definition('things'))
  const things = '/apis/example.com/v1/namespaces/default/things'
  const abort = new AbortController()
  const events = await api.watch(`${things}?watch=true`, abort.signal)
  await api.create(things, { metadata: { name: 'a' } })
  await api.patch(`${things}/a`, { spec: { 'of-v1': 'x' } })
  await api.delete(`${things}/a`)
  const seen: unknown[] = []
  for (let index = 0; index < 3; index++) seen.push((await events.next()).value?.type)
  abort.abort()
  assert.deepEqual(seen, ['ADDED', 'MODIFIED', 'DELETED'])
})

test('published documents follow versions that come, are renamed and go', async () => {
  const { api } = await testCluster()
  await api.create(CRDS, definition('things', { versions: [version('v1'), version('v2')] }))
  assert.deepEqual(await publishedKinds(api, 'apis/example.com/v2'), [
    'com.example.v2.Thing',
    'com.example.v2.ThingList',
  ])
  const path = `${CRDS}/things.example.com`
  await api.patch(path, { spec: { versions: [version('v1'), version('v3')] } })
  await settle()
  assert.deepEqual(await publishedKinds(api, 'apis/example.com/v3'), [
    'com.example.v3.Thing',
    'com.example.v3.ThingList',
  ])
  await assert.rejects(api.get('/openapi/v3/apis/example.com/v2'), { code: 404 })
  await api.patch(path, { spec: { versions: [version('v1'), version('v3', { served: false })] } })
  await settle()
  await assert.rejects(api.get('/openapi/v3/apis/example.com/v3'), { code: 404 })
  const text = JSON.stringify(await api.get('/openapi/v2'))
  assert.ok(text.includes('com.example.v1.Thing') && !text.includes('com.example.v3.Thing'))
})

test('kinds of one group and of several are published side by side', async () => {
  const { api } = await testCluster()
  await api.create(CRDS, definition('things'))
  await api.create(CRDS, definition('others', { kind: 'Other' }))
  await api.create(CRDS, definition('things', { group: 'more.example.com' }))
  assert.deepEqual(
    (await publishedKinds(api, 'apis/example.com/v1')).filter((name) => !name.endsWith('List')),
    ['com.example.v1.Thing', 'com.example.v1.Other'],
  )
  assert.ok(
    (await publishedKinds(api, 'apis/more.example.com/v1')).includes('com.example.more.v1.Thing'),
  )
})

test('unknown fields are kept where the schema says so', async () => {
  const { api } = await testCluster()
  const schema = {
    openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
  }
  await api.create(CRDS, definition('things', { versions: [version('v1', { schema })] }))
  const things = '/apis/example.com/v1/namespaces/default/things'
  const made = await api.create(`${things}?fieldValidation=Strict`, {
    metadata: { name: 'a' },
    free: { x: [1] },
  })
  assert.deepEqual(made['free'], { x: [1] })
})

test('the discovery documents name definitions', async () => {
  const { api } = await testCluster()
  const groups = listOf((await api.get('/apis'))['groups']).map(({ name }) => name)
  assert.ok((groups as unknown[]).includes('apiextensions.k8s.io'))
  const names = listOf((await api.get('/apis/apiextensions.k8s.io/v1'))['resources']).map(
    ({ name }) => name,
  )
  assert.deepEqual(names, ['customresourcedefinitions', 'customresourcedefinitions/status'])
})

test('a version that objects may be stored in stays in its definition', async () => {
  const { api } = await testCluster()
  await api.create(CRDS, definition('things', { versions: [version('v1'), version('v2')] }))
  const path = `${CRDS}/things.example.com`
  const moved = [version('v1', { storage: false }), version('v2', { storage: true })]
  const changed = await api.patch(path, { spec: { versions: moved } })
  assert.deepEqual(changed['status']?.['storedVersions'], ['v1', 'v2'])
  await assert.rejects(api.patch(path, { spec: { versions: moved.slice(1) } }), {
    message:
      'CustomResourceDefinition.apiextensions.k8s.io "things.example.com" is invalid: status.storedVersions[0]: Invalid value: "v1": missing from spec.versions; v1 was previously a storage version, and must remain in spec.versions until a storage migration ensures no data remains persisted in v1 and removes v1 from status.storedVersions',
  })
  await assert.rejects(api.patch(`${path}/status`, { status: { storedVersions: ['v1'] } }), {
    message: /status.storedVersions: Invalid value: \["v1"\]: must have the storage version v2/,
  })
  await api.patch(`${path}/status`, { status: { storedVersions: ['v2'] } })
  await api.patch(path, { spec: { versions: moved.slice(1) } })
})

test('clients of a deprecated version are told', () => {
  const versions = [
    version('v1'),
    version('v1beta1', { deprecated: true }),
    version('v1alpha1', { deprecated: true, deprecationWarning: 'go away' }),
  ]
  const made = { ...definition('things', { versions }), apiVersion: '', kind: '' }
  const resources = customResources(made as unknown as CustomResourceDefinition)
  assert.deepEqual(
    resources.map(({ definition: { deprecation } }) => deprecation),
    [undefined, 'example.com/v1beta1 Thing is deprecated', 'go away'],
  )
})
