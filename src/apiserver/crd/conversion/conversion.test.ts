import assert from 'node:assert/strict'
import { test } from 'node:test'
import { settle } from '#base/fake-clock.ts'
import { fakeDial } from '../../outgoing/fake-dial.ts'
import {
  HOOK_CA_BUNDLE,
  HOOK_PLACE,
  HOOK_URL,
  webhookPeer,
} from '../../admission/webhooks/webhook-peer.ts'
import { type Json, listOf, type TestCluster, testCluster } from '../../test-cluster.ts'

const CRDS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions'
const CRD = `${CRDS}/people.example.com`
const [V1, V2] = ['v1', 'v2'].map((v) => `/apis/example.com/${v}/namespaces/default/people`) as [
  string,
  string,
]

const version = (name: string, storage: string, properties: object) => ({
  name,
  served: true,
  storage: name === storage,
  schema: {
    openAPIV3Schema: {
      type: 'object',
      properties: { spec: { type: 'object', properties } },
    },
  },
  subresources: { status: {} },
})

const ADMISSION_PLACE = 'hook.test:9443'

const text = { type: 'string' }
/** One name in v1, two in v2: what no server can know by itself. */
const versions = (storage: string) => [
  version('v1', storage, { name: text }),
  {
    ...version('v2', storage, {
      first: text,
      last: text,
      rank: { type: 'string', default: 'none' },
    }),
    selectableFields: [{ jsonPath: '.spec.last' }],
  },
]

const definition = (storage = 'v1') => ({
  metadata: { name: 'people.example.com' },
  spec: {
    group: 'example.com',
    names: { plural: 'people', kind: 'Person' },
    scope: 'Namespaced',
    versions: versions(storage),
    conversion: {
      strategy: 'Webhook',
      webhook: {
        clientConfig: { url: HOOK_URL, caBundle: HOOK_CA_BUNDLE },
        conversionReviewVersions: ['v1'],
      },
    },
  },
})

const person = (v: string, name: string, spec: object) => ({
  apiVersion: `example.com/${v}`,
  kind: 'Person',
  metadata: { name },
  spec,
})

function convertOne(object: Json, apiVersion: Json): object {
  const { name, first, last } = (object['spec'] ?? {}) as unknown as Record<string, string>
  const [one, other] = (name ?? '').split(' ')
  const spec =
    (apiVersion as unknown) === 'example.com/v1'
      ? { name: `${first} ${last}` }
      : { first: one, last: other, unknown: 'dropped' }
  return { ...object, apiVersion, spec }
}

const success = (request: Json, change: (object: object) => object = (object) => object) => ({
  result: { status: 'Success' },
  convertedObjects: listOf(request['objects']).map((object) =>
    change(convertOne(object, request['desiredAPIVersion']!)),
  ),
})

interface WithConversion extends TestCluster {
  asked: Json[]
  /** What admission webhooks were asked. */
  admitted: Json[]
  /** What the webhook answers from now on. */
  respond: (by: (request: Json) => object) => void
}

async function withConversion(storage = 'v1'): Promise<WithConversion> {
  const asked: Json[] = []
  let answer = (request: Json): object => success(request)
  const peers = fakeDial()
  const admitted: Json[] = []
  peers.listen(
    ADMISSION_PLACE,
    webhookPeer((request) => {
      admitted.push(request)
      return { allowed: true }
    }),
  )
  peers.listen(
    HOOK_PLACE,
    webhookPeer((request) => {
      asked.push(request)
      return answer(request)
    }),
  )
  const cluster = await testCluster({ dial: peers.dial })
  await cluster.api.create(CRDS, definition(storage))
  await settle()
  return { ...cluster, asked, admitted, respond: (by) => void (answer = by) }
}

test('an object is read in the version asked for, pruned and defaulted', async () => {
  const { api } = await withConversion()
  await api.create(V1, person('v1', 'ada', { name: 'Ada Lovelace' }))
  const read = await api.get(`${V2}/ada`)
  assert.equal(read['apiVersion'], 'example.com/v2')
  assert.deepEqual(read['spec'], { first: 'Ada', last: 'Lovelace', rank: 'none' })
  assert.deepEqual((await api.get(`${V1}/ada`))['spec'], { name: 'Ada Lovelace' })
})

test('a list of objects stored in different versions shows all in one', async () => {
  const { api, asked } = await withConversion('v1')
  await api.create(V1, person('v1', 'ada', { name: 'Ada Lovelace' }))
  await api.patch(CRD, { spec: { versions: versions('v2') } })
  await settle()
  await api.create(V2, person('v2', 'bob', { first: 'Bob', last: 'Hope' }))
  asked.length = 0
  const shown = async (path: string) =>
    listOf((await api.get(path))['items']).map(({ apiVersion, spec }) => [apiVersion, spec])
  assert.deepEqual(await shown(V2), [
    ['example.com/v2', { first: 'Ada', last: 'Lovelace', rank: 'none' }],
    ['example.com/v2', { first: 'Bob', last: 'Hope', rank: 'none' }],
  ])
  // Only what has another version is sent.
  assert.equal(listOf(asked[0]?.['objects']).length, 1)
  assert.deepEqual(await shown(V1), [
    ['example.com/v1', { name: 'Ada Lovelace' }],
    ['example.com/v1', { name: 'Bob Hope' }],
  ])
})

test('a write is stored in the storage version, and a rewrite migrates', async () => {
  const { api, store } = await withConversion('v1')
  const storedAs = () => {
    const bytes = store.get('/example.com/people/default/ada')!.value
    return (JSON.parse(Buffer.from(bytes).toString()) as { apiVersion: string }).apiVersion
  }
  const made = await api.create(V2, person('v2', 'ada', { first: 'Ada', last: 'Byron' }))
  assert.equal(made['apiVersion'], 'example.com/v2')
  assert.equal(storedAs(), 'example.com/v1')
  const changed = await api.patch(`${V2}/ada`, { spec: { last: 'Lovelace' } })
  assert.deepEqual(changed['spec'], { first: 'Ada', last: 'Lovelace', rank: 'none' })
  assert.deepEqual((await api.get(`${V1}/ada`))['spec'], { name: 'Ada Lovelace' })
  await api.patch(CRD, { spec: { versions: versions('v2') } })
  await settle()
  assert.equal(storedAs(), 'example.com/v1')
  await api.update(`${V1}/ada`, await api.get(`${V1}/ada`))
  assert.equal(storedAs(), 'example.com/v2')
})

test('a watch shows the version asked for, in the order of what happened', async () => {
  const { api } = await withConversion()
  await api.create(V1, person('v1', 'ada', { name: 'Ada Lovelace' }))
  const abort = new AbortController()
  const events = await api.watch(`${V2}?watch=1`, abort.signal)
  await api.patch(`${V1}/ada`, { spec: { name: 'Ada Byron' } })
  await api.delete(`${V1}/ada`)
  const seen = []
  for (let count = 0; count < 3; count++) {
    const { value } = (await events.next()) as { value: Json }
    seen.push([value['type'], value['object']?.['apiVersion'], value['object']?.['spec']?.['last']])
  }
  assert.deepEqual(seen, [
    ['ADDED', 'example.com/v2', 'Lovelace'],
    ['MODIFIED', 'example.com/v2', 'Byron'],
    ['DELETED', 'example.com/v2', 'Byron'],
  ])
  abort.abort()
})

test('a watch whose objects cannot be converted says so and ends', async () => {
  const { api, respond } = await withConversion()
  await api.create(V1, person('v1', 'ada', { name: 'Ada Lovelace' }))
  respond(() => ({ result: { status: 'Failure', message: 'no' } }))
  const abort = new AbortController()
  const events = await api.watch(`${V2}?watch=1`, abort.signal)
  const { value } = (await events.next()) as { value: Json }
  assert.equal(value['type'], 'ERROR')
  assert.equal(
    value['object']?.['message'],
    'conversion webhook for example.com/v1, Kind=Person failed: no',
  )
  assert.equal((await events.next()).done, true)
})

test('a webhook may change labels and annotations, and nothing else of the metadata', async () => {
  const { api, respond } = await withConversion()
  await api.create(V1, person('v1', 'ada', { name: 'Ada Lovelace' }))
  const withMetadata = (more: object) => (request: Json) =>
    success(request, (object) => ({
      ...object,
      metadata: { ...(object as Json)['metadata'], ...more },
    }))
  respond(withMetadata({ labels: { by: 'hook' }, creationTimestamp: '1999-01-01T00:00:00Z' }))
  const { metadata } = await api.get(`${V2}/ada`)
  assert.deepEqual(metadata?.['labels'], { by: 'hook' })
  assert.equal(metadata?.['creationTimestamp'], '2026-01-01T00:00:00Z')
  const refusals: [object, string][] = [
    [{ name: 'eve' }, 'returned invalid object: must have the same name: ada != eve'],
    [
      { namespace: 'other' },
      'returned invalid object: must have the same namespace: default != other',
    ],
    [
      { labels: { by: 1 } },
      'returned invalid metadata: metadata.labels[by] must be a string, but is int64 in converted object',
    ],
  ]
  for (const [more, why] of refusals) {
    respond(withMetadata(more))
    await assert.rejects(api.get(`${V2}/ada`), {
      code: 500,
      message: `conversion webhook for example.com/v1, Kind=Person ${why}`,
    })
  }
})

test('an answer that is none for the question is refused', async () => {
  const { api, respond } = await withConversion()
  await api.create(V1, person('v1', 'ada', { name: 'Ada Lovelace' }))
  const cases: [(request: Json) => object, RegExp][] = [
    [
      (request) => ({ ...success(request), uid: 'x' }),
      /failed: expected response.uid="[-0-9a-f]+", got "x"$/,
    ],
    [
      () => ({ result: { status: 'Success' }, convertedObjects: [] }),
      /returned 0 objects, expected 1$/,
    ],
    [() => ({ convertedObjects: [] }), /failed: response.result.status was '', not 'Success'$/],
    [
      (request) => success(request, (object) => ({ ...object, apiVersion: 'example.com/v3' })),
      /at index 0: invalid groupVersion \(expected example.com\/v2, received example.com\/v3\)$/,
    ],
    [
      (request) => success(request, (object) => ({ ...object, kind: 'Dog' })),
      /at index 0: invalid kind \(expected Person, received Dog\)$/,
    ],
  ]
  for (const [by, message] of cases) {
    respond(by)
    await assert.rejects(api.get(`${V2}/ada`), { message })
  }
})

test('a failing webhook changes nothing, and what needs no conversion goes on', async () => {
  const { api, respond, store } = await withConversion()
  await api.create(V1, person('v1', 'ada', { name: 'Ada Lovelace' }))
  respond(() => ({ result: { status: 'Failure', message: 'out of order' } }))
  const before = store.revision
  await assert.rejects(api.create(V2, person('v2', 'bob', { first: 'B', last: 'H' })), {
    message: 'conversion webhook for example.com/v2, Kind=Person failed: out of order',
  })
  await assert.rejects(api.patch(`${V2}/ada`, { spec: { last: 'X' } }))
  await assert.rejects(api.delete(`${V2}/ada`))
  assert.equal(store.revision, before)
  await api.patch(`${V1}/ada`, { spec: { name: 'Ada Byron' } })
  await api.delete(`${V1}/ada`)
})

test('a definition goes with its objects though its webhook does not answer', async () => {
  const { api, respond } = await withConversion('v2')
  await api.create(V2, person('v2', 'ada', { first: 'Ada', last: 'Lovelace' }))
  respond(() => ({ result: { status: 'Failure', message: 'gone' } }))
  await api.delete(CRD)
  for (let turns = 0; turns < 20; turns++) await settle()
  await assert.rejects(api.get(CRD), { reason: 'NotFound' })
})

test('versions without a webhook show what is stored in any of them', async () => {
  const { api } = await testCluster()
  const plain = (storage: string) => ['v1', 'v2'].map((v) => version(v, storage, { name: text }))
  const { metadata, spec } = definition()
  const { conversion: _none, ...rest } = spec
  await api.create(CRDS, { metadata, spec: { ...rest, versions: plain('v1') } })
  await settle()
  await api.create(V1, person('v1', 'ada', { name: 'Ada' }))
  await api.patch(CRD, { spec: { versions: plain('v2') } })
  await settle()
  for (const [path, apiVersion] of [
    [V1, 'example.com/v1'],
    [V2, 'example.com/v2'],
  ] as const) {
    assert.equal((await api.get(`${path}/ada`))['apiVersion'], apiVersion)
    assert.equal(listOf((await api.get(path))['items'])[0]?.['apiVersion'], apiVersion)
  }
})

test('an admission webhook and its conditions know both objects in the version they ask for', async () => {
  const { api, admitted } = await withConversion()
  await api.create(V1, person('v1', 'ada', { name: 'Ada Lovelace' }))
  const rules = [
    {
      operations: ['UPDATE'],
      apiGroups: ['example.com'],
      apiVersions: ['v2'],
      resources: ['people'],
    },
  ]
  await api.create('/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations', {
    metadata: { name: 'v' },
    webhooks: [
      {
        name: 'people.example.com',
        clientConfig: { url: `https://${ADMISSION_PLACE}/`, caBundle: HOOK_CA_BUNDLE },
        rules,
        matchConditions: [{ name: 'c', expression: "oldObject.spec.last == 'Lovelace'" }],
        sideEffects: 'None',
        admissionReviewVersions: ['v1'],
      },
    ],
  })
  await api.patch(`${V1}/ada`, { spec: { name: 'Ada Byron' } })
  await api.patch(`${V1}/ada`, { spec: { name: 'Ada King' } })
  assert.deepEqual(
    admitted.map(({ object, oldObject }) => [object?.['spec'], oldObject?.['spec']]),
    [
      [
        { first: 'Ada', last: 'Byron', rank: 'none' },
        { first: 'Ada', last: 'Lovelace', rank: 'none' },
      ],
    ],
  )
})

test('selectors mean what a webhook makes of the objects, in lists, watches and deletes', async () => {
  const { api, respond } = await withConversion()
  respond((request) =>
    success(request, (object) => {
      const one = object as Json
      const label = one['spec']?.['last'] as unknown as string
      const labels = label === undefined ? {} : { family: label }
      return { ...one, metadata: { ...one['metadata'], labels } }
    }),
  )
  for (const [name, whole] of [
    ['ada', 'Ada Byron'],
    ['eve', 'Eve Smith'],
    ['zoe', 'Zoe Byron'],
  ])
    await api.create(V1, person('v1', name!, { name: whole }))
  const byrons = async (query: string) =>
    listOf((await api.get(`${V2}?${query}`))['items']).map(({ metadata }) => metadata?.['name'])
  for (const selector of ['fieldSelector=spec.last%3DByron', 'labelSelector=family%3DByron'])
    assert.deepEqual(await byrons(selector), ['ada', 'zoe'])
  assert.deepEqual(await byrons('labelSelector=family%3DByron&limit=1'), ['ada'])
  assert.deepEqual(
    await byrons('fieldSelector=metadata.name%3Dzoe,spec.last%3DByron&labelSelector=family'),
    ['zoe'],
  )
  const abort = new AbortController()
  const events = await api.watch(`${V2}?watch=1&fieldSelector=spec.last%3DByron`, abort.signal)
  await api.patch(`${V1}/eve`, { spec: { name: 'Eve Byron' } })
  await api.patch(`${V1}/eve`, { spec: { name: 'Eva Byron' } })
  await api.patch(`${V1}/ada`, { spec: { name: 'Ada King' } })
  await api.patch(`${V1}/ada`, { spec: { name: 'Ada Queen' } })
  await api.delete(`${V1}/ada`)
  await api.delete(`${V1}/zoe`)
  const seen = []
  for (let count = 0; count < 6; count++) {
    const { value } = (await events.next()) as { value: Json }
    const { metadata, spec } = value['object']!
    seen.push([value['type'], metadata?.['name'], spec?.['first'], spec?.['last']])
  }
  assert.deepEqual(seen, [
    ['ADDED', 'ada', 'Ada', 'Byron'],
    ['ADDED', 'zoe', 'Zoe', 'Byron'],
    ['ADDED', 'eve', 'Eve', 'Byron'],
    ['MODIFIED', 'eve', 'Eva', 'Byron'],
    ['DELETED', 'ada', 'Ada', 'Byron'],
    ['DELETED', 'zoe', 'Zoe', 'Byron'],
  ])
  abort.abort()
  await api.create(V1, person('v1', 'bob', { name: 'Bob Smith' }))
  await api.delete(`${V2}?labelSelector=family%3DByron`)
  assert.deepEqual(await byrons(''), ['bob'])
})

test('selectors mean the defaults that a definition has by now', async () => {
  const { api } = await testCluster()
  const { metadata, spec } = definition()
  const { conversion: _none, ...rest } = spec
  const plain = (properties: object) => ({
    metadata,
    spec: {
      ...rest,
      versions: [
        { ...version('v1', 'v1', properties), selectableFields: [{ jsonPath: '.spec.rank' }] },
      ],
    },
  })
  await api.create(CRDS, plain({ name: text, rank: text }))
  await api.create(V1, person('v1', 'ada', { name: 'Ada' }))
  await api.patch(CRD, plain({ name: text, rank: { type: 'string', default: 'none' } }))
  await settle()
  const found = await api.get(`${V1}?fieldSelector=spec.rank%3Dnone`)
  assert.equal(listOf(found['items']).length, 1)
})

test('a definition that serves no version any more takes its objects along', async () => {
  const { api } = await withConversion()
  await api.create(V1, person('v1', 'ada', { name: 'Ada Lovelace' }))
  const unserved = versions('v1').map((one) => ({ ...one, served: false }))
  await api.patch(CRD, { spec: { versions: unserved } })
  await api.delete(CRD)
  for (let turns = 0; turns < 20; turns++) await settle()
  await assert.rejects(api.get(CRD), { reason: 'NotFound' })
  await api.create(CRDS, definition('v1'))
  assert.deepEqual(listOf((await api.get(V1))['items']), [])
})
