// Custom resources whose versions a webhook converts over real HTTPS: the cases of CustomResourceConversionWebhook of
// Kubernetes' conformance tests, and what a webhook may get wrong.
import assert from 'node:assert/strict'
import { beforeEach, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Json } from './http-client.ts'
import { CRDS, useFixture } from './webhook-fixture.ts'
import { HOOK_SERVICE } from './webhook-server.ts'

const it = useFixture()
const ADMIN = { username: 'admin', groups: ['system:masters'] }
const OBJECTS = 1_000

const text = { type: 'string' }
/** As in Kubernetes' test: "host:port" in v1, both on their own in v2. */
const VERSIONS = {
  v1: { hostPort: text },
  v2: { host: text, port: text },
}
type Version = keyof typeof VERSIONS

const versions = (storage: Version) =>
  (Object.keys(VERSIONS) as Version[]).map((name) => ({
    name,
    served: true,
    storage: name === storage,
    schema: {
      openAPIV3Schema: {
        type: 'object',
        properties: { spec: { type: 'object', properties: VERSIONS[name] } },
      },
    },
    ...(name === 'v2' ? { selectableFields: [{ jsonPath: '.spec.port' }] } : {}),
  }))

/** Kinds of one group are told apart by their name. */
const kindOf = (plural: string) => `Place${plural}`

const definition = (plural: string, more: object = {}) => ({
  metadata: { name: `${plural}.stable.example.com` },
  spec: {
    group: 'stable.example.com',
    names: { plural, kind: kindOf(plural) },
    scope: 'Namespaced',
    versions: versions('v1'),
    conversion: {
      strategy: 'Webhook',
      webhook: {
        clientConfig: {
          service: { ...HOOK_SERVICE, path: '/crdconvert' },
          caBundle: it.hooks.caBundle,
          ...more,
        },
        conversionReviewVersions: ['v1', 'v1beta1'],
      },
    },
  },
})

const pathOf = (plural: string, version: Version) =>
  `/apis/stable.example.com/${version}/namespaces/places/${plural}`

const place = (version: Version, name: string, spec: object) => ({
  apiVersion: `stable.example.com/${version}`,
  metadata: { name },
  spec,
})

function convertOne(object: Json, apiVersion: Json): object {
  const { hostPort, host, port } = object['spec'] as unknown as Record<string, string>
  const [before, after] = hostPort?.split(':') ?? []
  const isFirst = (apiVersion as unknown) === 'stable.example.com/v1'
  const spec = isFirst ? { hostPort: `${host}:${port}` } : { host: before, port: after }
  return { ...object, apiVersion, spec }
}

const success = (request: Json, change: (object: Json) => object = (object) => object) => ({
  result: { status: 'Success' },
  convertedObjects: (request['objects'] as unknown as Json[]).map((object) =>
    change(convertOne(object, request['desiredAPIVersion']!) as Json),
  ),
})

let hasNamespace = false
beforeEach(async () => {
  it.hooks.on('/crdconvert', (request) => success(request))
  if (!hasNamespace) await it.namespace('places')
  hasNamespace = true
})

const specsIn = async (plural: string, version: Version) =>
  ((await it.client.ok('GET', pathOf(plural, version)))['items'] as unknown as Json[]).map(
    ({ apiVersion, spec }) => [apiVersion, spec],
  )
const inV1 = (hostPort: string) => ['stable.example.com/v1', { hostPort }]
const inV2 = (host: string, port: string) => ['stable.example.com/v2', { host, port }]

/** Definitions are followed: what was patched counts a moment later. */
async function store(plural: string, version: Version): Promise<void> {
  const path = `${CRDS}/${plural}.stable.example.com`
  await it.client.ok('PATCH', path, { spec: { versions: versions(version) } })
  for (let tries = 0; tries < 500; tries++) {
    const status = JSON.stringify((await it.client.ok('GET', path))['status'])
    if (status.includes(`"${version}"]`)) return
    await sleep(10)
  }
  assert.fail(`${version} was never stored`)
}

test('a resource is created as v1 and read as v2', async () => {
  await it.define(definition('singles'))
  await it.client.ok(
    'POST',
    pathOf('singles', 'v1'),
    place('v1', 'a', { hostPort: 'localhost:8080' }),
  )
  const { apiVersion, spec, metadata } = await it.client.ok('GET', `${pathOf('singles', 'v2')}/a`)
  assert.deepEqual([apiVersion, spec], inV2('localhost', '8080'))
  assert.equal(metadata?.['name'], 'a')
  const [{ review } = assert.fail()] = it.hooks.asked
  const { uid, ...request } = review['request'] as unknown as Json
  assert.match(uid as unknown as string, /^[0-9a-f-]{36}$/)
  assert.deepEqual(
    [review['kind'], review['apiVersion']],
    ['ConversionReview', 'apiextensions.k8s.io/v1'],
  )
  assert.equal(request['desiredAPIVersion'], 'stable.example.com/v2')
  assert.equal((request['objects'] as unknown as Json[]).length, 1)
})

test('a list has objects of all storage versions in one', async () => {
  await it.define(definition('mixes'))
  await it.client.ok('POST', pathOf('mixes', 'v1'), place('v1', 'a', { hostPort: 'one:1' }))
  await store('mixes', 'v2')
  await it.client.ok('POST', pathOf('mixes', 'v1'), place('v1', 'b', { hostPort: 'two:2' }))
  it.hooks.asked.length = 0
  assert.deepEqual(await specsIn('mixes', 'v2'), [inV2('one', '1'), inV2('two', '2')])
  const asked = it.hooks.asked.map(({ review }) => review['request']!['objects'])
  // Of the two only the one in the other version is put to the webhook.
  assert.deepEqual(
    (asked as unknown as Json[][]).map((objects) =>
      objects.map((one) => one['metadata']?.['name']),
    ),
    [['a']],
  )
  assert.deepEqual(await specsIn('mixes', 'v1'), [inV1('one:1'), inV1('two:2')])
  // Written once more, it is stored in the version of now.
  const path = `${pathOf('mixes', 'v2')}/a`
  await it.client.ok('PUT', path, await it.client.ok('GET', path))
  it.hooks.asked.length = 0
  assert.deepEqual(await specsIn('mixes', 'v2'), [inV2('one', '1'), inV2('two', '2')])
  assert.equal(it.hooks.asked.length, 0)
})

test('watches show each version, and select by it', async () => {
  const { client } = it
  await it.define(definition('watched'))
  const [v1, v2] = [pathOf('watched', 'v1'), pathOf('watched', 'v2')]
  await client.ok('POST', v1, place('v1', 'a', { hostPort: 'one:1' }))
  const { metadata } = await client.ok('GET', v1)
  const since = `watch=1&resourceVersion=${metadata!['resourceVersion'] as unknown as string}`
  const watches = [
    client.watch(`${v1}?${since}`, 3),
    client.watch(`${v2}?${since}`, 3),
    client.watch(`${v2}?${since}&fieldSelector=spec.port%3D2`, 2),
  ]
  await client.ok('PATCH', `${v1}/a`, { spec: { hostPort: 'one:2' } })
  await client.ok('PATCH', `${v2}/a`, { spec: { port: '3' } })
  await client.ok('DELETE', `${v1}/a`)
  const [first, second, selected] = (await Promise.all(watches)).map((events) =>
    events.map(({ type, object }) => [type, object?.['apiVersion'], object?.['spec']]),
  )
  assert.deepEqual(first, [
    ['MODIFIED', ...inV1('one:2')],
    ['MODIFIED', ...inV1('one:3')],
    ['DELETED', ...inV1('one:3')],
  ])
  assert.deepEqual(second, [
    ['MODIFIED', ...inV2('one', '2')],
    ['MODIFIED', ...inV2('one', '3')],
    ['DELETED', ...inV2('one', '3')],
  ])
  assert.deepEqual(selected, [
    ['ADDED', ...inV2('one', '2')],
    ['DELETED', ...inV2('one', '2')],
  ])
})

const failing = (plural: string, why: string) =>
  `conversion webhook for stable.example.com/v1, Kind=${kindOf(plural)} ${why}`
const withMetadata = (more: object) => (request: Json) =>
  success(request, (object) => ({ ...object, metadata: { ...object['metadata'], ...more } }))
const review = { kind: 'ConversionReview', apiVersion: 'apiextensions.k8s.io/v1' }

/** What is answered, and what is said of it where one object was asked for and where a list was. */
const WRONG: [respond: (request: Json) => object, one: string, list?: string][] = [
  [() => ({ ...review }), 'failed: no response provided'],
  [
    ({ uid }) => ({ ...review, kind: 'Other', response: { uid } }),
    'failed: expected webhook response of apiextensions.k8s.io/v1, Kind=ConversionReview, got apiextensions.k8s.io/v1, Kind=Other',
  ],
  [() => ({ result: { status: 'Failure', message: 'my own words' } }), 'failed: my own words'],
  [
    () => ({ result: { status: 'Failure' } }),
    "failed: response.result.status was 'Failure', not 'Success'",
  ],
  [
    () => ({ result: { status: 'Success' }, convertedObjects: [] }),
    'returned 0 objects, expected 1',
    'returned 0 objects, expected 2',
  ],
  [
    (request) => success(request, (object) => ({ ...object, apiVersion: 'stable.example.com/v3' })),
    'returned invalid object at index 0: invalid groupVersion (expected stable.example.com/v2, received stable.example.com/v3)',
    'returned invalid converted object at index 0: invalid groupVersion (expected stable.example.com/v2, received stable.example.com/v3)',
  ],
  [
    (request) => success(request, (object) => ({ ...object, kind: 'Other' })),
    'returned invalid object at index 0: invalid kind (expected Placewrongs, received Other)',
    'returned invalid converted object at index 0: invalid kind (expected Placewrongs, received Other)',
  ],
  [
    withMetadata({ uid: 'x', name: 'c' }),
    'returned invalid object: must have the same name: a != c',
    'returned invalid converted object at index 0: must have the same name: a != c',
  ],
  [
    withMetadata({ labels: [] }),
    'returned invalid metadata: invalid metadata.labels of type []interface {} in converted object',
    'returned invalid metadata in object at index 0: invalid metadata.labels of type []interface {} in converted object',
  ],
]

test('answers that are none for the question are refused, in Kubernetes’ words', async () => {
  const { client, hooks } = it
  await it.define(definition('wrongs'))
  const [v1, v2] = [pathOf('wrongs', 'v1'), pathOf('wrongs', 'v2')]
  for (const name of ['a', 'b']) await client.ok('POST', v1, place('v1', name, { hostPort: 'x:1' }))
  const refused = async (method: string, path: string, message: string, body?: object) => {
    const answer = await client.send(method, path, body)
    assert.deepEqual([answer.status, answer.body['message']], [500, failing('wrongs', message)])
  }
  for (const [respond, one, list = one] of WRONG) {
    hooks.on('/crdconvert', respond)
    await refused('GET', `${v2}/a`, one)
    await refused('GET', v2, list)
    await refused('PATCH', `${v2}/a`, one, { spec: { host: 'y' } })
  }
  // Nothing of that was stored, and what needs no conversion was never in danger.
  assert.deepEqual(await specsIn('wrongs', 'v1'), [inV1('x:1'), inV1('x:1')])
})

test('a webhook that is not there keeps from nothing but what needs it', async () => {
  const { client } = it
  const down = { url: 'https://127.0.0.1:1/crdconvert', service: undefined }
  await it.define(definition('downs', down))
  const [v1, v2] = [pathOf('downs', 'v1'), pathOf('downs', 'v2')]
  await client.ok('POST', v1, place('v1', 'a', { hostPort: 'x:1' }))
  const { status, body } = await client.send('GET', `${v2}/a`)
  assert.deepEqual(
    [status, body['message']],
    [
      500,
      failing(
        'downs',
        'failed: Post "https://127.0.0.1:1/crdconvert?timeout=30s": dial tcp 127.0.0.1:1: connect: connection refused',
      ),
    ],
  )
  const second = await client.send('POST', v2, place('v2', 'b', { host: 'y', port: '2' }))
  assert.equal(second.status, 500)
  await client.ok('PATCH', `${v1}/a`, { spec: { hostPort: 'x:2' } })
  assert.deepEqual(await specsIn('downs', 'v1'), [inV1('x:2')])
  await client.ok('DELETE', `${CRDS}/downs.stable.example.com`)
  for (let tries = 0; tries < 500; tries++) {
    const gone = await client.send('GET', `${CRDS}/downs.stable.example.com`)
    if (gone.status === 404) return
    await sleep(10)
  }
  assert.fail('the definition never went')
})

test('many objects are put to the webhook in bounded reviews, in pages only those of the page', async () => {
  const { client, hooks, server } = it
  await it.define(definition('many'))
  const call = server.clusters.get('hub')!.call(ADMIN)
  const names = Array.from({ length: OBJECTS }, (_, index) => `p${String(index).padStart(4, '0')}`)
  for (const [index, name] of names.entries())
    await call({
      method: 'POST',
      path: pathOf('many', 'v1'),
      query: new URLSearchParams(),
      body: place('v1', name, { hostPort: `host:${index % 10}` }),
    })
  const v2 = pathOf('many', 'v2')
  const sizes = () =>
    hooks.asked
      .splice(0)
      .map(({ review: asked }) => (asked['request']!['objects'] as unknown as Json[]).length)
  const listed = await client.ok('GET', v2)
  const items = listed['items'] as unknown as Json[]
  assert.deepEqual(
    items.map(({ metadata }) => metadata?.['name']),
    names,
  )
  assert.ok(items.every(({ spec }, index) => (spec!['port'] as unknown) === String(index % 10)))
  assert.deepEqual(sizes(), [500, 500])
  const page = await client.ok('GET', `${v2}?limit=300`)
  assert.equal((page['items'] as unknown as Json[]).length, 300)
  assert.deepEqual(sizes(), [301])
  const token = encodeURIComponent(page['metadata']!['continue'] as unknown as string)
  const next = await client.ok('GET', `${v2}?limit=300&continue=${token}`)
  assert.equal((next['items'] as unknown as Json[])[0]?.['metadata']?.['name'], names[300])
  const chosen = await client.ok('GET', `${v2}?fieldSelector=spec.port%3D7`)
  assert.equal((chosen['items'] as unknown as Json[]).length, OBJECTS / 10)
  sizes()
  const events = await client.watch(`${v2}?watch=1`, OBJECTS)
  assert.deepEqual(
    events.map(({ object }) => object?.['metadata']?.['name']),
    names,
  )
  assert.deepEqual(sizes(), [500, 500])
})
