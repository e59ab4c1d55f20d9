// The cases of Kubernetes' conformance tests of AdmissionWebhook: an API server and a webhook, both over real HTTPS.
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Json } from './http-client.ts'
import { configMap, CRDS, MUTATING, pod, rule, useFixture, VALIDATING } from './webhook-fixture.ts'
import { denied, patchOf } from './webhook-server.ts'

const it = useFixture()
const allowed = { allowed: true }
const UNWANTED = 'the configmap contains unwanted key and value'

const dataOf = ({ object }: Json) => (object?.['data'] ?? {}) as Record<string, unknown>
const denyUnwanted = (request: Json) =>
  dataOf(request)['unwanted'] === undefined ? allowed : denied(UNWANTED)
const add = (path: string, value: unknown) => patchOf({ op: 'add', path, value })

/** What the webhook is told last until it is released. */
let release: () => void = () => undefined
after(() => release())
const hang = () => new Promise<object>((resolve) => (release = () => resolve(allowed)))

async function refused(answering: Promise<{ status: number; body: Json }>, message: string) {
  const { status, body } = await answering
  assert.deepEqual([status, body['message']], [400, message])
}
const deniedBy = (name: string, why: string) =>
  `admission webhook "${name}" denied the request: ${why}`

test('discovery documents name the configurations of webhooks', async () => {
  const { groups } = await it.client.ok('GET', '/apis')
  const found = (groups as unknown as { name: string; versions: { groupVersion: string }[] }[])
    .filter(({ name }) => name === 'admissionregistration.k8s.io')
    .flatMap(({ versions }) => versions.map(({ groupVersion }) => groupVersion))
  assert.ok(found.includes('admissionregistration.k8s.io/v1'))
  const { resources } = await it.client.ok('GET', '/apis/admissionregistration.k8s.io/v1')
  const names = (resources as unknown as { name: string }[]).map(({ name }) => name)
  for (const plural of ['mutatingwebhookconfigurations', 'validatingwebhookconfigurations'])
    assert.ok(names.includes(plural))
})

test('pods and configmaps are denied, whether created, updated or patched', async () => {
  const { client, hooks, hook } = it
  const namespace = await it.namespace('deny')
  const open = await it.namespace('exempt', {})
  hooks.on('/configmaps', denyUnwanted)
  hooks.on('/pods', ({ object }) => {
    const { name } = object!['spec']!['containers']![0]! as unknown as { name: string }
    if (name === 'hangs') return hang()
    return name === 'bad' ? denied('the pod contains unwanted container name') : allowed
  })
  await it.register(VALIDATING, 'deny', [
    hook('/pods', { rules: [rule(['pods'])], timeoutSeconds: 1 }),
    hook('/configmaps', { rules: [rule(['configmaps'], { operations: ['CREATE', 'UPDATE'] })] }),
  ])
  const podDenied = deniedBy('pods.k8s.io', 'the pod contains unwanted container name')
  await refused(client.send('POST', `${namespace}/pods`, pod('p', 'bad')), podDenied)
  const { status, body } = await client.send('POST', `${namespace}/pods`, pod('p', 'hangs'))
  assert.equal(status, 500)
  assert.equal(
    body['message'],
    'Internal error occurred: failed calling webhook "pods.k8s.io": failed to call webhook: Post "https://hook.hooks.svc:443/pods?timeout=1s": context deadline exceeded',
  )
  release()
  const mapDenied = deniedBy('configmaps.k8s.io', UNWANTED)
  const maps = `${namespace}/configmaps`
  const bad = configMap('a', { unwanted: 'x' })
  await refused(client.send('POST', maps, bad), mapDenied)
  await client.ok('POST', maps, configMap('a', { fine: 'y' }))
  await refused(client.send('PUT', `${maps}/a`, bad), mapDenied)
  await refused(client.send('PATCH', `${maps}/a`, { data: { unwanted: 'x' } }), mapDenied)
  assert.deepEqual((await client.ok('GET', `${maps}/a`))['data'], { fine: 'y' })
  await client.ok('POST', `${open}/configmaps`, bad)
})

test('attaching to a pod is denied', async () => {
  const { client, hooks, hook } = it
  const namespace = await it.namespace('attach')
  hooks.on('/pods/attach', ({ name }) =>
    denied(`attaching to pod '${name as unknown as string}' is not allowed`),
  )
  const rules = [rule(['pods/attach'], { operations: ['CONNECT'] })]
  await it.register(VALIDATING, 'attach', [hook('/pods/attach', { rules })])
  await client.ok('POST', `${namespace}/pods`, pod('p'))
  const message = deniedBy('pods-attach.k8s.io', "attaching to pod 'p' is not allowed")
  await refused(
    client.send('GET', `${namespace}/pods/p/attach?stdout=1&container=busybox`),
    message,
  )
})

const crd = (plural: string, kind: string, versions: object[]) => ({
  metadata: { name: `${plural}.example.com`, labels: { crd: plural } },
  spec: { group: 'example.com', names: { plural, kind }, scope: 'Namespaced', versions },
})

const open = (name: string, storage: boolean, data: object = {}) => ({
  name,
  served: true,
  storage,
  schema: {
    openAPIV3Schema: {
      type: 'object',
      properties: {
        data: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true, ...data },
      },
    },
  },
})

const customRule = (plural: string, operations: string[]) =>
  rule([plural], { apiGroups: ['example.com'], apiVersions: ['*'], operations })

test('custom resources are denied their creation, change and deletion', async () => {
  const { client, hooks, hook } = it
  await it.namespace('custom-deny')
  await it.define(crd('denials', 'Denial', [open('v1', true)]))
  hooks.on('/custom-resource', ({ operation, object, oldObject }) => {
    const { data } = (operation as unknown) === 'DELETE' ? oldObject! : object!
    return data?.['stays'] === undefined
      ? allowed
      : denied('the custom resource contains unwanted data')
  })
  const rules = [customRule('denials', ['CREATE', 'UPDATE', 'DELETE'])]
  await it.register(VALIDATING, 'custom', [hook('/custom-resource', { rules })])
  const path = '/apis/example.com/v1/namespaces/custom-deny/denials'
  const denial = (data: object) => ({
    apiVersion: 'example.com/v1',
    kind: 'Denial',
    metadata: { name: 'd' },
    data,
  })
  const message = deniedBy('custom-resource.k8s.io', 'the custom resource contains unwanted data')
  await refused(client.send('POST', path, denial({ stays: 'x' })), message)
  await client.ok('POST', path, denial({ fine: 'y' }))
  await refused(client.send('PATCH', `${path}/d`, { data: { stays: 'x' } }), message)
  await client.ok('DELETE', VALIDATING)
  await client.ok('PATCH', `${path}/d`, { data: { stays: 'x' } })
  await it.register(VALIDATING, 'custom', [hook('/custom-resource', { rules })])
  await refused(client.send('DELETE', `${path}/d`), message)
  await client.ok('PATCH', `${path}/d`, { data: null })
  await client.ok('DELETE', `${path}/d`)
})

test('a webhook that cannot be believed denies everything that it insists on', async () => {
  const { client, hook, hooks } = it
  const namespace = await it.namespace('closed')
  const service = { namespace: 'hooks', name: 'hook', path: '/configmaps' }
  await it.register(VALIDATING, 'closed', [hook('/configmaps', { clientConfig: { service } })])
  const { status, body } = await client.send('POST', `${namespace}/configmaps`, configMap('a'))
  assert.equal(status, 500)
  assert.equal(
    body['message'],
    'Internal error occurred: failed calling webhook "configmaps.k8s.io": failed to call webhook: Post "https://hook.hooks.svc:443/configmaps?timeout=10s": tls: failed to verify certificate: x509: certificate signed by unknown authority',
  )
  assert.equal(hooks.asked.length, 0)
})

test('configmaps are changed by one webhook after the other', async () => {
  const { client, hooks, hook } = it
  const namespace = await it.namespace('mutate')
  hooks.on('/one', (request) => (dataOf(request)['start'] ? add('/data/one', 'yes') : allowed))
  hooks.on('/two', (request) => (dataOf(request)['one'] ? add('/data/two', 'yes') : allowed))
  const url = { url: hooks.url('/two'), caBundle: hooks.caBundle }
  await it.register(MUTATING, 'mutate', [hook('/one'), hook('/two', { clientConfig: url })])
  const made = await client.ok('POST', `${namespace}/configmaps`, configMap('a', { start: 'yes' }))
  assert.deepEqual(made['data'], { start: 'yes', one: 'yes', two: 'yes' })
})

test('a pod has the defaults of what a webhook adds to it', async () => {
  const { client, hooks, hook } = it
  const namespace = await it.namespace('mutate-pod')
  hooks.on('/pods', () => add('/spec/initContainers', [{ name: 'added', image: 'busybox' }]))
  await it.register(MUTATING, 'pods', [hook('/pods', { rules: [rule(['pods'])] })])
  const { spec } = await client.ok('POST', `${namespace}/pods`, pod('p'))
  const [added] = spec!['initContainers'] as unknown as Json[]
  assert.deepEqual([added?.['name'], added?.['terminationMessagePolicy']], ['added', 'File'])
})

test('custom resources are changed, pruned, and stored in another version later', async () => {
  const { client, hooks, hook } = it
  await it.namespace('custom-mutate')
  const some = { properties: { a: { type: 'string' }, one: { type: 'string' } } }
  const pruning = { 'x-kubernetes-preserve-unknown-fields': false, ...some }
  const versions = (storage: string) =>
    ['v1', 'v2'].map((name) => open(name, name === storage, pruning))
  await it.define(crd('changes', 'Change', versions('v1')))
  hooks.on('/one', (request) => (dataOf(request)['a'] ? add('/data/one', 'yes') : allowed))
  hooks.on('/two', (request) => (dataOf(request)['one'] ? add('/data/two', 'yes') : allowed))
  const rules = [customRule('changes', ['CREATE', 'UPDATE'])]
  await it.register(MUTATING, 'custom', [hook('/one', { rules }), hook('/two', { rules })])
  const path = '/apis/example.com/v1/namespaces/custom-mutate/changes'
  const change = { apiVersion: 'example.com/v1', kind: 'Change', metadata: { name: 'c' } }
  const made = await client.ok('POST', path, { ...change, data: { a: 'x' } })
  assert.deepEqual(made['data'], { a: 'x', one: 'yes' })
  assert.equal(hooks.asked.filter((asked) => asked.path === '/two').length, 1)
  await client.ok('PATCH', `${CRDS}/changes.example.com`, { spec: { versions: versions('v2') } })
  const patched = await client.ok('PATCH', `${path}/c`, { data: { a: 'z', one: null } })
  assert.deepEqual(patched['data'], { a: 'z', one: 'yes' })
  const { apiVersion, data } = await client.ok('GET', `${path.replace('/v1/', '/v2/')}/c`)
  assert.deepEqual([apiVersion, data], ['example.com/v2', { a: 'z', one: 'yes' }])
})

test('a definition is denied', async () => {
  const { client, hooks, hook } = it
  hooks.on('/crd', ({ object }) =>
    object?.['metadata']?.['labels']?.['crd'] === undefined ? allowed : denied('no such kind'),
  )
  const resources = ['customresourcedefinitions']
  const rules = [rule(resources, { apiGroups: ['apiextensions.k8s.io'], apiVersions: ['*'] })]
  await it.register(VALIDATING, 'crd', [hook('/crd', { rules, namespaceSelector: {} })])
  const definition = crd('refusals', 'Refusal', [open('v1', true)])
  await refused(client.send('POST', CRDS, definition), deniedBy('crd.k8s.io', 'no such kind'))
  assert.equal((await client.send('GET', `${CRDS}/refusals.example.com`)).status, 404)
})

test('a webhook has the time that its registration gives it', async () => {
  const { client, hooks, hook } = it
  const namespace = await it.namespace('slow')
  hooks.on('/slow', hang)
  const within = async (more: object): Promise<number> => {
    await it.register(VALIDATING, 'slow', [hook('/slow', more)])
    const { status } = await client.send(
      'POST',
      `${namespace}/configmaps?dryRun=All`,
      configMap('a'),
    )
    await client.ok('DELETE', VALIDATING)
    return status
  }
  assert.equal(await within({ timeoutSeconds: 1 }), 500)
  assert.equal(await within({ timeoutSeconds: 1, failurePolicy: 'Ignore' }), 201)
  // Slower than the time that was too short.
  hooks.on('/slow', () => sleep(1_200, allowed))
  for (const more of [{ timeoutSeconds: 10 }, {}]) assert.equal(await within(more), 201)
})

test('configurations are neither changed by webhooks nor kept from going', async () => {
  const { client, hooks, hook } = it
  hooks.on('/deny', () => denied('mine'))
  hooks.on('/label', () => add('/metadata/labels', { by: 'hook' }))
  const resources = ['validatingwebhookconfigurations', 'mutatingwebhookconfigurations']
  const all = { apiGroups: ['*'], apiVersions: ['*'], operations: ['*'] }
  const more = { rules: [rule(resources, all)], namespaceSelector: {} }
  await it.register(VALIDATING, 'guard', [hook('/deny', more)])
  await it.register(MUTATING, 'guard', [hook('/label', more)])
  for (const plural of [VALIDATING, MUTATING]) {
    const { metadata } = await it.register(plural, 'dummy', [hook('/deny', { rules: [] })])
    assert.equal(metadata?.['labels'], undefined)
    await client.ok('DELETE', `${plural}/dummy`)
  }
  assert.equal(hooks.asked.length, 0)
})

for (const plural of [MUTATING, VALIDATING]) {
  const kind = plural === MUTATING ? 'mutating' : 'validating'
  /** Whether the webhook had its say about a configmap. */
  const acts = async (namespace: string): Promise<boolean> => {
    const path = `${namespace}/configmaps?dryRun=All`
    const { status, body } = await it.client.send('POST', path, configMap('a', { unwanted: 'x' }))
    if (plural === VALIDATING) return status === 400
    assert.equal(status, 201)
    return body['data']?.['added'] !== undefined
  }
  const respond = plural === MUTATING ? () => add('/data/added', 'yes') : denyUnwanted

  test(`${kind} webhooks are listed, and go by their label`, async () => {
    const { client, hooks, hook } = it
    const namespace = await it.namespace(`${kind}-list`)
    hooks.on('/list', respond)
    for (let index = 0; index < 10; index++)
      await it.register(plural, `list-${index}`, [hook('/list')], { of: kind })
    const selected = `${plural}?labelSelector=of%3D${kind}`
    const { items } = await client.ok('GET', selected)
    assert.equal((items as unknown as Json[]).length, 10)
    assert.equal(await acts(namespace), true)
    await client.ok('DELETE', selected)
    assert.equal(await acts(namespace), false)
  })

  test(`a ${kind} webhook that is updated and patched is asked as it is by then`, async () => {
    const { client, hooks, hook } = it
    const namespace = await it.namespace(`${kind}-patch`)
    hooks.on('/patch', respond)
    const made = await it.register(plural, 'patch', [hook('/patch')])
    assert.equal(await acts(namespace), true)
    const without = [hook('/patch', { rules: [rule(['configmaps'], { operations: ['UPDATE'] })] })]
    await client.ok('PUT', `${plural}/patch`, { ...made, webhooks: without })
    assert.equal(await acts(namespace), false)
    const operations = [
      { op: 'replace', path: '/webhooks/0/rules/0/operations', value: ['CREATE'] },
    ]
    const type = 'application/json-patch+json'
    assert.equal((await client.send('PATCH', `${plural}/patch`, operations, type)).status, 200)
    assert.equal(await acts(namespace), true)
  })

  test(`the match conditions of a ${kind} webhook are kept, changed, compiled and obeyed`, async () => {
    const { client, hooks, hook } = it
    const namespace = await it.namespace(`${kind}-conditions`)
    hooks.on('/conditions', respond)
    const conditions = (expression: string) => [{ name: 'c', expression }]
    const first = conditions("object.metadata.name != 'skip-me'")
    const made = await it.register(plural, 'c', [hook('/conditions', { matchConditions: first })])
    const read = async () => {
      const { webhooks } = await client.ok('GET', `${plural}/c`)
      return (webhooks as unknown as Json[])[0]?.['matchConditions']
    }
    assert.deepEqual(await read(), first)
    assert.equal(await acts(namespace), true)
    const skipped = configMap('skip-me', { unwanted: 'x' })
    const { data } = await client.ok('POST', `${namespace}/configmaps`, skipped)
    assert.deepEqual(data, { unwanted: 'x' })
    const next = [...first, { name: 'd', expression: 'false' }]
    const webhooks = [hook('/conditions', { matchConditions: next })]
    await client.ok('PUT', `${plural}/c`, { ...made, webhooks })
    assert.deepEqual(await read(), next)
    assert.equal(await acts(namespace), false)
    const { status, body } = await client.send('POST', plural, {
      metadata: { name: 'invalid' },
      webhooks: [hook('/conditions', { matchConditions: conditions('... [] bad expression') })],
    })
    assert.equal(status, 422)
    assert.match(body['message'] as unknown as string, /compilation failed/)
  })
}
