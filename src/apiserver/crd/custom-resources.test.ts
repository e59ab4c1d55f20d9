import assert from 'node:assert/strict'
import { test } from 'node:test'
import { settle } from '#base/fake-clock.ts'
import type { Json, TestApi } from '../test-cluster.ts'
import { testCluster, listOf } from '../test-cluster.ts'

const CRDS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions'
const BOATS = '/apis/example.com/v1/namespaces/default/boats'

const schema = {
  type: 'object',
  required: ['spec'],
  properties: {
    spec: {
      type: 'object',
      required: ['length'],
      properties: {
        length: { type: 'integer', minimum: 1, maximum: 100 },
        kind: { type: 'string', enum: ['sail', 'motor'], default: 'sail' },
        name: { type: 'string', pattern: '^[A-Z]' },
        crew: {
          type: 'array',
          maxItems: 3,
          items: {
            type: 'object',
            properties: { name: { type: 'string' }, rank: { type: 'string', default: 'mate' } },
            required: ['name'],
          },
          'x-kubernetes-list-type': 'map',
          'x-kubernetes-list-map-keys': ['name'],
        },
        extra: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
        size: { 'x-kubernetes-int-or-string': true },
        replicas: { type: 'integer' },
      },
    },
    status: {
      type: 'object',
      properties: { afloat: { type: 'boolean' }, replicas: { type: 'integer' } },
    },
  },
}

const version = (name: string, more: object = {}) => ({
  name,
  served: true,
  storage: name === 'v1',
  schema: { openAPIV3Schema: schema },
  subresources: {
    status: {},
    scale: { specReplicasPath: '.spec.replicas', statusReplicasPath: '.status.replicas' },
  },
  ...more,
})

const definition = (more: object = {}) => ({
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'boats.example.com' },
  spec: {
    group: 'example.com',
    scope: 'Namespaced',
    names: { plural: 'boats', singular: 'boat', kind: 'Boat', shortNames: ['bt'] },
    versions: [version('v1')],
    ...more,
  },
})

const boat = (spec: object, more: object = {}) => ({
  apiVersion: 'example.com/v1',
  kind: 'Boat',
  metadata: { name: 'b' },
  spec,
  ...more,
})

async function clusterWithBoats(more: object = {}): Promise<TestApi> {
  const { api } = await testCluster()
  await api.create(CRDS, definition(more))
  return api
}

test('a definition is established once its names are accepted, and then served', async () => {
  const { api } = await testCluster()
  const made = await api.create(CRDS, definition())
  assert.deepEqual(made['status'], {
    conditions: null,
    acceptedNames: { plural: '', kind: '' },
    storedVersions: ['v1'],
  })
  const established = await api.get(`${CRDS}/boats.example.com`)
  const conditions = listOf(established['status']?.['conditions'])
  assert.deepEqual(
    conditions.map(({ type, status }) => [type, status]),
    [
      ['NamesAccepted', 'True'],
      ['Established', 'True'],
    ],
  )
  const discovered = await api.get('/apis/example.com/v1')
  const names = listOf(discovered['resources']).map((one) => one['name'])
  assert.deepEqual(names, ['boats', 'boats/scale', 'boats/status'])
})

test('a custom object is pruned and gets its defaults', async () => {
  const api = await clusterWithBoats()
  const spec = { length: 10, crew: [{ name: 'x' }], extra: { any: [1] }, size: '10%', odd: true }
  const made = await api.create(BOATS, boat(spec, { status: { afloat: true } }))
  assert.deepEqual(made['spec'], {
    length: 10,
    crew: [{ name: 'x', rank: 'mate' }],
    extra: { any: [1] },
    size: '10%',
    kind: 'sail',
  })
  assert.equal(made['status'], undefined)
  assert.equal(made['metadata']?.['generation'], 1)
})

test('a custom object is validated with the messages of Kubernetes', async () => {
  const api = await clusterWithBoats()
  const cases: [object, string][] = [
    [{}, 'spec.length: Required value'],
    [
      { length: 'ten' },
      'spec.length: Invalid value: "string": spec.length in body must be of type integer: "string"',
    ],
    [
      { length: 1000 },
      'spec.length: Invalid value: 1000: spec.length in body should be less than or equal to 100',
    ],
    [
      { length: 1, kind: 'rowing' },
      'spec.kind: Unsupported value: "rowing": supported values: "sail", "motor"',
    ],
    [
      { length: 1, name: 'ada' },
      `spec.name: Invalid value: "ada": spec.name in body should match '^[A-Z]'`,
    ],
    [
      { length: 1, crew: ['a', 'b', 'c', 'd'].map((name) => ({ name })) },
      'spec.crew: Too many: 4: must have at most 3 items',
    ],
    [
      { length: 1, crew: [{ name: 'x' }, { name: 'x' }] },
      'spec.crew[1]: Duplicate value: {"name":"x"}',
    ],
  ]
  for (const [spec, wrong] of cases)
    await assert.rejects(api.create(BOATS, boat(spec)), {
      reason: 'Invalid',
      message: `Boat.example.com "b" is invalid: ${wrong}`,
    })
})

test('status and scale of a custom object are written apart from the rest', async () => {
  const api = await clusterWithBoats()
  await api.create(BOATS, boat({ length: 10, replicas: 1 }))
  const status = { status: { afloat: true, replicas: 1 }, spec: { length: 99 } }
  const written = await api.patch(`${BOATS}/b/status`, status)
  assert.equal(written['spec']?.['length'], 10)
  assert.equal(written['metadata']?.['generation'], 1)
  const scale = await api.patch(`${BOATS}/b/scale`, { spec: { replicas: 3 } })
  assert.equal(scale['status']?.['replicas'], 1)
  assert.equal((await api.get(`${BOATS}/b`))['spec']?.['replicas'], 3)
})

test('a custom object shows itself in every served version', async () => {
  const api = await clusterWithBoats({ versions: [version('v1'), version('v2')] })
  await api.create(BOATS, boat({ length: 10 }))
  const other = BOATS.replace('/v1/', '/v2/')
  assert.equal((await api.get(`${other}/b`))['apiVersion'], 'example.com/v2')
  await api.patch(`${other}/b`, { spec: { length: 11 } })
  const stored = await api.get(`${BOATS}/b`)
  assert.equal(stored['apiVersion'], 'example.com/v1')
  assert.equal(stored['spec']?.['length'], 11)
})

test('a change of the definition is served at once', async () => {
  const api = await clusterWithBoats()
  await api.create(BOATS, boat({ length: 10 }))
  const looser = structuredClone(version('v1'))
  looser.schema.openAPIV3Schema.properties.spec.properties.length.maximum = 1000
  await api.patch(`${CRDS}/boats.example.com`, { spec: { versions: [looser] } })
  await settle()
  await api.patch(`${BOATS}/b`, { spec: { length: 500 } })
})

test('a definition whose names are taken is not established', async () => {
  const api = await clusterWithBoats()
  const names = { plural: 'ships', singular: 'ship', kind: 'Boat' }
  const other = { ...definition({ names }), metadata: { name: 'ships.example.com' } }
  await api.create(CRDS, other)
  const [accepted] = listOf((await api.get(`${CRDS}/ships.example.com`))['status']?.['conditions'])
  assert.deepEqual(
    [accepted?.['status'], accepted?.['reason'], accepted?.['message']],
    ['False', 'KindConflict', '"Boat" is already in use'],
  )
  await assert.rejects(api.get('/apis/example.com/v1/ships'), { reason: 'NotFound' })
})

test('a definition with a schema that cannot work is refused', async () => {
  const { api } = await testCluster()
  const properties = {
    spec: { type: 'object', properties: { a: { type: 'string', pattern: '(' } } },
  }
  const broken = { openAPIV3Schema: { type: 'object', properties } }
  await assert.rejects(
    api.create(CRDS, definition({ versions: [version('v1', { schema: broken })] })),
    { reason: 'Invalid', message: /pattern: Invalid value: "\("/ },
  )
})

test('a deleted definition takes its objects with it', async () => {
  const { api, clock, store } = await testCluster()
  await api.create(CRDS, definition())
  await api.create(BOATS, boat({ length: 10 }, { metadata: { name: 'b' } }))
  await api.delete(`${CRDS}/boats.example.com`)
  for (let i = 0; i < 10; i++) await settle()
  await clock.advance(1_000)
  assert.equal(store.count('/example.com/'), 0)
  await assert.rejects(api.get(`${CRDS}/boats.example.com`), { reason: 'NotFound' })
  await assert.rejects(api.get(BOATS), { reason: 'NotFound' })
})

test('what was stored before a default came shows it, and keeps it once written', async () => {
  const bare = structuredClone(version('v1')) as unknown as { schema: { openAPIV3Schema: Json } }
  const spec = bare.schema.openAPIV3Schema['properties']!['spec']!
  delete spec['properties']!['kind']!['default']
  const api = await clusterWithBoats({ versions: [bare] })
  const made = await api.create(BOATS, boat({ length: 10 }))
  assert.equal(made['spec']?.['kind'], undefined)
  await api.patch(`${CRDS}/boats.example.com`, { spec: { versions: [version('v1')] } })
  await settle()
  assert.equal((await api.get(`${BOATS}/b`))['spec']?.['kind'], 'sail')
  assert.equal(listOf((await api.get(BOATS))['items'])[0]?.['spec']?.['kind'], 'sail')
  await api.patch(`${BOATS}/b`, { spec: { length: 11 } })
  await api.create(BOATS, boat({ length: 10 }, { metadata: { name: 'c' } }))
  await api.patch(`${CRDS}/boats.example.com`, { spec: { versions: [bare] } })
  await settle()
  for (const name of ['b', 'c'])
    assert.equal((await api.get(`${BOATS}/${name}`))['spec']?.['kind'], 'sail')
})

test('unknown fields of metadata are refused at the root and in objects inside', async () => {
  const inner = {
    type: 'object',
    'x-kubernetes-embedded-resource': true,
    'x-kubernetes-preserve-unknown-fields': true,
  }
  const schema = {
    openAPIV3Schema: {
      type: 'object',
      properties: { spec: { type: 'object', properties: { inner } } },
    },
  }
  const api = await clusterWithBoats({ versions: [version('v1', { schema })] })
  const metadata = { name: 'b', nope: 1 }
  const spec = {
    inner: { apiVersion: 'v1', kind: 'X', metadata: { name: 'i', odd: 1 }, any: true },
  }
  await assert.rejects(api.create(`${BOATS}?fieldValidation=Strict`, boat(spec, { metadata })), {
    message:
      'Boat in version "v1" cannot be handled as a Boat: strict decoding error: unknown field "metadata.nope", unknown field "spec.inner.metadata.odd"',
  })
  const made = await api.create(BOATS, boat(spec))
  assert.deepEqual(made['spec'], { inner: { ...spec.inner, metadata: { name: 'i' } } })
  await assert.rejects(api.create(BOATS, boat({ inner: {} }, { metadata: { name: 'c' } })), {
    message:
      'Boat.example.com "c" is invalid: [spec.inner.apiVersion: Required value: must not be empty, spec.inner.kind: Required value: must not be empty]',
  })
})

test('values that broke the schema before may stay while others change', async () => {
  const loose = structuredClone(version('v1'))
  loose.schema.openAPIV3Schema.properties.spec.properties.length.maximum = 1000
  const api = await clusterWithBoats({ versions: [loose] })
  const crew = ['a', 'b'].map((name) => ({ name }))
  await api.create(BOATS, boat({ length: 500, crew }))
  const rules = [{ rule: 'self.crew.size() < 2', message: 'alone' }]
  const strict = structuredClone(version('v1')) as unknown as { schema: { openAPIV3Schema: Json } }
  Object.assign(strict.schema.openAPIV3Schema['properties']!['spec']!, {
    'x-kubernetes-validations': rules,
  })
  await api.patch(`${CRDS}/boats.example.com`, { spec: { versions: [strict] } })
  await settle()
  await api.patch(`${BOATS}/b`, { metadata: { labels: { a: 'b' } } })
  await assert.rejects(api.patch(`${BOATS}/b`, { spec: { name: 'Ada' } }), {
    message: 'Boat.example.com "b" is invalid: spec: Invalid value: alone',
  })
  await api.patch(`${BOATS}/b`, { spec: { name: 'Ada', crew: [{ name: 'a' }] } })
  await assert.rejects(api.patch(`${BOATS}/b`, { spec: { length: 501 } }), { reason: 'Invalid' })
})

test('names that a deleted definition gives up are accepted for the next', async () => {
  const api = await clusterWithBoats()
  const names = { plural: 'ships', singular: 'ship', kind: 'Boat' }
  await api.create(CRDS, { ...definition({ names }), metadata: { name: 'ships.example.com' } })
  await api.delete(`${CRDS}/boats.example.com`)
  for (let i = 0; i < 10; i++) await settle()
  assert.deepEqual(
    listOf((await api.get('/apis/example.com/v1/namespaces/default/ships'))['items']),
    [],
  )
})

const DEFINITION_PROBLEMS: readonly (readonly [string, object, string])[] = [
  [
    'type',
    { spec: {} },
    'spec.validation.openAPIV3Schema.properties[spec].type: Required value: must not be empty for specified object fields',
  ],
  [
    'items',
    { spec: { type: 'array' } },
    'spec.validation.openAPIV3Schema.properties[spec].items: Required value: must be specified',
  ],
  [
    'unique',
    { spec: { type: 'array', items: { type: 'string' }, uniqueItems: true } },
    'spec.validation.openAPIV3Schema.properties[spec].uniqueItems: Forbidden: uniqueItems cannot be set to true since the runtime complexity becomes quadratic',
  ],
  [
    'metadata',
    { metadata: { type: 'object', properties: { labels: { type: 'object' } } } },
    'spec.validation.openAPIV3Schema.properties[metadata]: Forbidden: must not specify anything other than name and generateName, but metadata is implicitly specified',
  ],
  [
    'condition',
    { spec: { type: 'object', anyOf: [{ properties: { a: { minimum: 1 } } }] } },
    'spec.validation.openAPIV3Schema.properties[spec].properties[a]: Required value: because it is defined in spec.validation.openAPIV3Schema.properties[spec].anyOf[0].properties[a]',
  ],
  [
    'nested type',
    { spec: { type: 'integer', not: { type: 'integer' } } },
    'spec.validation.openAPIV3Schema.properties[spec].not.type: Forbidden: must be empty to be structural',
  ],
  [
    'default',
    { spec: { type: 'integer', default: 'x' } },
    'spec.validation.openAPIV3Schema.properties[spec].default: Invalid value: "string": spec.validation.openAPIV3Schema.properties[spec].default in body must be of type integer: "string"',
  ],
  [
    'list map',
    { spec: { type: 'array', 'x-kubernetes-list-type': 'map', items: { type: 'object' } } },
    'spec.validation.openAPIV3Schema.properties[spec].x-kubernetes-list-map-keys: Required value: must not be empty if x-kubernetes-list-type is map',
  ],
  [
    'embedded',
    { spec: { type: 'object', 'x-kubernetes-embedded-resource': true } },
    'spec.validation.openAPIV3Schema.properties[spec].properties: Required value: must not be empty if x-kubernetes-embedded-resource is true without x-kubernetes-preserve-unknown-fields',
  ],
]

test('definitions that are not structural are refused in the words of Kubernetes', async () => {
  const { api } = await testCluster()
  for (const [, properties, message] of DEFINITION_PROBLEMS) {
    const schema = { openAPIV3Schema: { type: 'object', properties } }
    const versions = [{ name: 'v1', served: true, storage: true, schema }]
    await assert.rejects(api.create(CRDS, definition({ versions })), {
      message: `CustomResourceDefinition.apiextensions.k8s.io "boats.example.com" is invalid: ${message}`,
    })
  }
  const versions = [version('v1', { selectableFields: [{ jsonPath: '.spec.crew' }] })]
  await assert.rejects(api.create(CRDS, definition({ versions })), {
    message:
      'CustomResourceDefinition.apiextensions.k8s.io "boats.example.com" is invalid: spec.selectableFields[0].jsonPath: Invalid value: ".spec.crew": must point to a field of type string, boolean or integer. Enum string fields and strings with formats are allowed.',
  })
  await assert.rejects(api.create(CRDS, definition({ preserveUnknownFields: true })), {
    message: /spec.preserveUnknownFields: Invalid value: true: cannot set to true/,
  })
})
