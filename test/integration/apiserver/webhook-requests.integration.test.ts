// What admission webhooks are asked over real HTTPS, when, and what becomes of what they say beside yes and no.
import assert from 'node:assert/strict'
import { beforeEach, test } from 'node:test'
import type { AuditEvent, AuditLevel } from '#kinds/k8s/audit.ts'
import type { Json } from './http-client.ts'
import { configMap, MUTATING, pod, rule, useFixture, VALIDATING } from './webhook-fixture.ts'
import { patchOf } from './webhook-server.ts'

let level: AuditLevel = 'Metadata'
const events: AuditEvent[] = []
const it = useFixture({
  audit: {
    policy: () => ({
      apiVersion: 'audit.k8s.io/v1',
      kind: 'Policy',
      rules: [{ level, verbs: ['create'], resources: [{ group: '', resources: ['configmaps'] }] }],
    }),
    sink: { write: (event) => void events.push(event), room: () => undefined },
  },
})
beforeEach(() => {
  level = 'Metadata'
  events.length = 0
})

const allowed = { allowed: true }
const askedAt = (path: string): Json[] =>
  it.hooks.asked
    .filter((one) => one.path === path)
    .map(({ review }) => review['request'] as unknown as Json)
const add = (path: string, value: unknown) => ({ op: 'add', path, value })
const ALL = { operations: ['*'] }

test('a review says who does what to which object, in exactly the form of admission.k8s.io/v1', async () => {
  const { client, hooks, hook } = it
  const namespace = await it.namespace('exact')
  hooks.on('/exact', () => allowed)
  await it.register(VALIDATING, 'exact', [hook('/exact', { rules: [rule(['configmaps'], ALL)] })])
  const maps = `${namespace}/configmaps`
  const made = await client.ok('POST', `${maps}?fieldManager=me`, configMap('a', { x: '1' }))
  const patched = await client.ok('PATCH', `${maps}/a?fieldValidation=Warn`, { data: { x: '2' } })
  await client.ok('DELETE', `${maps}/a?dryRun=All`)
  await client.ok('DELETE', `${maps}/a`, { kind: 'DeleteOptions', propagationPolicy: 'Background' })
  const [first] = hooks.asked
  assert.deepEqual(
    [first?.review['kind'], first?.review['apiVersion']],
    ['AdmissionReview', 'admission.k8s.io/v1'],
  )
  const common = {
    kind: { group: '', version: 'v1', kind: 'ConfigMap' },
    resource: { group: '', version: 'v1', resource: 'configmaps' },
    requestKind: { group: '', version: 'v1', kind: 'ConfigMap' },
    requestResource: { group: '', version: 'v1', resource: 'configmaps' },
    name: 'a',
    namespace: 'exact',
    userInfo: {
      username: 'admin',
      uid: 'admin',
      groups: ['system:masters', 'system:authenticated'],
    },
    dryRun: false,
  }
  const options = (kind: string, more: object = {}) => ({
    options: { kind, apiVersion: 'meta.k8s.io/v1', ...more },
  })
  const { resourceVersion: _version, ...metadata } = made['metadata'] as unknown as object & {
    resourceVersion: string
  }
  const asked = askedAt('/exact')
  const ids = new Set(asked.map(({ uid }) => uid as unknown as string))
  assert.equal(ids.size, 4)
  for (const id of ids) assert.match(id, /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/)
  const expected = [
    {
      operation: 'CREATE',
      object: { ...made, metadata },
      oldObject: null,
      ...options('CreateOptions', { fieldManager: 'me' }),
    },
    {
      operation: 'UPDATE',
      oldObject: made,
      ...options('UpdateOptions', { fieldValidation: 'Warn' }),
    },
    {
      operation: 'DELETE',
      dryRun: true,
      object: null,
      oldObject: patched,
      ...options('DeleteOptions', { dryRun: ['All'] }),
    },
    {
      operation: 'DELETE',
      object: null,
      oldObject: patched,
      ...options('DeleteOptions', { propagationPolicy: 'Background' }),
    },
  ]
  for (const [index, more] of expected.entries()) {
    const { uid: _uid, ...request } = asked[index]!
    const { object } = request
    // Of an update the object has the version of what it replaces.
    assert.deepEqual(request, { ...common, object, ...more })
  }
  assert.deepEqual(asked[1]!['object']?.['data'], { x: '2' })
})

test('another version of a kind is asked about by conversion, unless the rule is exact', async () => {
  const { client, hooks, hook } = it
  const namespace = await it.namespace('equivalent')
  hooks.on('/exact', () => allowed)
  hooks.on('/equivalent', () => allowed)
  const rules = [rule(['events'], { apiGroups: ['events.k8s.io'] })]
  await it.register(VALIDATING, 'equivalent', [
    hook('/exact', { rules, matchPolicy: 'Exact' }),
    hook('/equivalent', { rules, matchPolicy: 'Equivalent' }),
  ])
  await client.ok('POST', `${namespace}/events`, {
    metadata: { name: 'e' },
    involvedObject: { kind: 'Pod', name: 'p', namespace: 'equivalent' },
    message: 'hello',
  })
  assert.equal(askedAt('/exact').length, 0)
  const [asked] = askedAt('/equivalent')
  const { kind, requestKind, resource, requestResource, object } = asked!
  assert.deepEqual(
    [kind?.['group'], resource?.['group'], requestKind?.['group'], requestResource?.['group']],
    ['events.k8s.io', 'events.k8s.io', '', ''],
  )
  assert.deepEqual([object?.['apiVersion'], object?.['note']], ['events.k8s.io/v1', 'hello'])
})

test('selectors choose namespaces and objects, as they are and as they were', async () => {
  const { client, hooks, hook } = it
  const namespace = await it.namespace('select', { team: 'blue' })
  const other = await it.namespace('other', { team: 'red' })
  hooks.on('/select', () => allowed)
  const rules = [rule(['configmaps'], ALL)]
  const blue = { matchExpressions: [{ key: 'team', operator: 'In', values: ['blue'] }] }
  await it.register(VALIDATING, 'select', [
    hook('/select', {
      rules,
      namespaceSelector: blue,
      objectSelector: { matchLabels: { look: 'at' } },
    }),
  ])
  const labelled = { labels: { look: 'at' } }
  await client.ok('POST', `${namespace}/configmaps`, configMap('plain'))
  await client.ok('POST', `${other}/configmaps`, configMap('a', {}, labelled))
  assert.equal(askedAt('/select').length, 0)
  await client.ok('POST', `${namespace}/configmaps`, configMap('a', {}, labelled))
  await client.ok('PATCH', `${namespace}/configmaps/a`, { metadata: { labels: { look: null } } })
  await client.ok('DELETE', `${namespace}/configmaps/a`)
  assert.deepEqual(
    askedAt('/select').map(({ operation }) => operation),
    ['CREATE', 'UPDATE'],
  )
})

test('only webhooks that leave nothing behind take part in a dry run', async () => {
  const { client, hooks, hook } = it
  const namespace = await it.namespace('dry')
  hooks.on('/dry', () => allowed)
  const path = `${namespace}/configmaps?dryRun=All`
  await it.register(VALIDATING, 'dry', [hook('/dry', { sideEffects: 'NoneOnDryRun' })])
  assert.equal((await client.send('POST', path, configMap('a'))).status, 201)
  assert.deepEqual(
    askedAt('/dry').map(({ dryRun }) => dryRun),
    [true],
  )
  const some = [hook('/dry', { sideEffects: 'Some' })]
  const { status, body } = await client.send('POST', VALIDATING, {
    metadata: { name: 'some' },
    webhooks: some,
  })
  assert.equal(status, 422)
  assert.match(body['message'] as unknown as string, /sideEffects: Unsupported value: "Some"/)
})

test('a webhook is asked again after another changed the object, if it wants to be', async () => {
  const { client, hooks, hook } = it
  const namespace = await it.namespace('again')
  const count = (object: Json | undefined) => String(Object.keys(object?.['data'] ?? {}).length)
  hooks.on('/a', ({ object }) => patchOf(add(`/data/a${count(object)}`, 'x')))
  hooks.on('/b', () => patchOf(add('/data/b', 'x')))
  const more = { reinvocationPolicy: 'IfNeeded' }
  await it.register(MUTATING, 'again', [hook('/a', more), hook('/b')])
  const made = await client.ok('POST', `${namespace}/configmaps`, configMap('m', { z: 'x' }))
  assert.deepEqual(made['data'], { z: 'x', a1: 'x', b: 'x', a3: 'x' })
  assert.deepEqual(
    hooks.asked.map(({ path }) => path),
    ['/a', '/b', '/a'],
  )
})

test('a denial has the status, warnings and notes of its webhook', async () => {
  const { client, hooks, hook } = it
  const namespace = await it.namespace('status')
  hooks.on('/status', () => ({
    allowed: false,
    status: { code: 403, reason: 'Forbidden', message: 'not you', details: { name: 'who' } },
    warnings: ['mind the gap', 'twice'],
    auditAnnotations: { seen: 'yes', 'not/a/key': 'no' },
  }))
  await it.register(VALIDATING, 'status', [hook('/status')])
  const { status, body, warnings } = await client.send(
    'POST',
    `${namespace}/configmaps`,
    configMap('a'),
  )
  assert.equal(status, 403)
  assert.deepEqual(body, {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message: 'admission webhook "status.k8s.io" denied the request: not you',
    reason: 'Forbidden',
    details: { name: 'who' },
    code: 403,
  })
  assert.deepEqual(warnings, ['mind the gap', 'twice'])
  const { annotations = {} } = events.at(-1)!
  assert.equal(annotations['status.k8s.io/seen'], 'yes')
  assert.ok(!Object.keys(annotations).some((key) => key.includes('not/a/key')))
})

test('the audit log tells of each question of a mutating webhook, and of those that were passed over', async () => {
  const { client, hooks, hook } = it
  const namespace = await it.namespace('notes')
  hooks.on('/a', ({ object }) =>
    object?.['data']?.['a'] === undefined ? patchOf(add('/data/a', 'x')) : allowed,
  )
  hooks.on('/b', () => patchOf(add('/data/b', 'x')))
  const lenient = { failurePolicy: 'Ignore' }
  await it.register(MUTATING, 'notes', [
    hook('/a', { reinvocationPolicy: 'IfNeeded' }),
    hook('/gone', lenient),
    hook('/b'),
  ])
  await it.register(VALIDATING, 'notes', [hook('/gone', lenient)])
  const notes = async (name: string) => {
    await client.ok('POST', `${namespace}/configmaps`, configMap(name, { z: '1' }))
    const { annotations = {} } = events.at(-1)!
    const told = Object.entries(annotations).filter(([key]) => key.includes('webhook.admission'))
    return Object.fromEntries(told)
  }
  const mutation = (webhook: string, mutated: boolean) =>
    JSON.stringify({ configuration: 'notes', webhook, mutated })
  const expected = {
    'mutation.webhook.admission.k8s.io/round_0_index_0': mutation('a.k8s.io', true),
    'mutation.webhook.admission.k8s.io/round_0_index_1': mutation('gone.k8s.io', false),
    'failed-open.mutation.webhook.admission.k8s.io/round_0_index_1': 'gone.k8s.io',
    'mutation.webhook.admission.k8s.io/round_0_index_2': mutation('b.k8s.io', true),
    'mutation.webhook.admission.k8s.io/round_1_index_0': mutation('a.k8s.io', false),
    'failed-open.validating.webhook.admission.k8s.io/round_0_index_0': 'gone.k8s.io',
  }
  assert.deepEqual(await notes('metadata'), expected)
  // Patches show what was written: only a log of requests has them.
  level = 'Request'
  const patch = (webhook: string, path: string) =>
    JSON.stringify({
      configuration: 'notes',
      webhook,
      patch: [add(path, 'x')],
      patchType: 'JSONPatch',
    })
  assert.deepEqual(await notes('request'), {
    ...expected,
    'patch.webhook.admission.k8s.io/round_0_index_0': patch('a.k8s.io', '/data/a'),
    'patch.webhook.admission.k8s.io/round_0_index_2': patch('b.k8s.io', '/data/b'),
  })
})

test('answers that are none for the question are refused, in Kubernetes’ words', async () => {
  const { client, hooks, hook } = it
  const namespace = await it.namespace('wrong')
  await it.register(MUTATING, 'wrong', [hook('/wrong')])
  const review = { kind: 'AdmissionReview', apiVersion: 'admission.k8s.io/v1' }
  const cases: [(request: Json) => object, string | RegExp][] = [
    [
      () => ({ ...review, response: { uid: 'x', ...allowed } }),
      /^received invalid webhook response: expected response.uid="[-0-9a-f]+", got "x"$/,
    ],
    [
      ({ uid }) => ({ ...review, kind: 'Other', response: { uid, ...allowed } }),
      'received invalid webhook response: expected webhook response of admission.k8s.io/v1, Kind=AdmissionReview, got admission.k8s.io/v1, Kind=Other',
    ],
    [() => review, 'received invalid webhook response: webhook response was absent'],
    [
      () => ({ ...patchOf(add('/data/a', 'x')), patchType: undefined }),
      'received invalid webhook response: webhook returned response.patch but not response.patchType',
    ],
    [
      () => ({ ...patchOf(add('/data/a', 'x')), patchType: 'Merge' }),
      'received invalid webhook response: webhook returned invalid response.patchType of "Merge"',
    ],
  ]
  for (const [respond, why] of cases) {
    hooks.on('/wrong', respond)
    const { status, body } = await client.send('POST', `${namespace}/configmaps`, configMap('a'))
    const message = body['message'] as unknown as string
    const begin = 'Internal error occurred: failed calling webhook "wrong.k8s.io": '
    assert.equal(status, 500)
    assert.ok(message.startsWith(begin), message)
    if (typeof why === 'string') assert.equal(message.slice(begin.length), why)
    else assert.match(message.slice(begin.length), why)
  }
})

test('a webhook that is not there is told of as the connection that failed', async () => {
  const { client, hook } = it
  const namespace = await it.namespace('nowhere')
  const service = { namespace: 'hooks', name: 'missing', path: '/x' }
  const message = async (clientConfig: object) => {
    await it.register(VALIDATING, 'nowhere', [hook('/nowhere', { clientConfig })])
    const { body } = await client.send('POST', `${namespace}/configmaps`, configMap('a'))
    await client.ok('DELETE', VALIDATING)
    return (body['message'] as unknown as string).split('failed to call webhook: ')[1]
  }
  assert.equal(
    await message({ service }),
    'Post "https://missing.hooks.svc:443/x?timeout=10s": service "missing" not found',
  )
  assert.equal(
    await message({ url: 'https://127.0.0.1:1/x' }),
    'Post "https://127.0.0.1:1/x?timeout=10s": dial tcp 127.0.0.1:1: connect: connection refused',
  )
})

test('a pod of a generated name is put to webhooks without it first', async () => {
  const { client, hooks, hook } = it
  const namespace = await it.namespace('generated')
  for (const path of ['/mutate', '/validate']) hooks.on(path, () => allowed)
  const rules = [rule(['pods'])]
  await it.register(MUTATING, 'generated', [hook('/mutate', { rules })])
  await it.register(VALIDATING, 'generated', [hook('/validate', { rules })])
  const { metadata } = await client.ok('POST', `${namespace}/pods`, {
    ...pod(''),
    metadata: { generateName: 'p-' },
    spec: pod('c').spec,
  })
  const names = (path: string) =>
    askedAt(path).map(({ name, object }) => [name, object?.['metadata']?.['name']])
  assert.deepEqual(names('/mutate'), [[undefined, undefined]])
  assert.deepEqual(names('/validate'), [[metadata?.['name'], metadata?.['name']]])
})
