import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  CONFIG_MAPS,
  configMap,
  DEPLOYMENTS,
  deployment,
  listOf,
  pod,
  PODS,
  serviceAccount,
  textOf,
} from '../../test-cluster.ts'
import {
  configuration,
  denied,
  hook,
  MUTATING,
  patchOf,
  rule,
  VALIDATING,
  withHooks,
} from './test-hooks.ts'
import { HOOK_CA_BUNDLE, HOOK_PLACE, HOOK_URL } from './webhook-peer.ts'

test('a validating webhook refuses in its own words', async () => {
  const { api, asked } = await withHooks(() => ({
    allowed: false,
    status: { message: 'no', reason: 'Strange', code: 418, details: { name: 'x' } },
  }))
  await api.create(VALIDATING, configuration('v', [hook()]))
  await assert.rejects(api.create(CONFIG_MAPS, configMap('a')), {
    message: 'admission webhook "hook.example.com" denied the request: no',
    reason: 'Strange',
    code: 418,
  })
  await assert.rejects(api.get(`${CONFIG_MAPS}/a`), { reason: 'NotFound' })
  const [request] = asked
  assert.deepEqual(
    { ...request, uid: '', object: request?.['object']?.['metadata']?.['name'] },
    {
      uid: '',
      kind: { group: '', version: 'v1', kind: 'ConfigMap' },
      resource: { group: '', version: 'v1', resource: 'configmaps' },
      requestKind: { group: '', version: 'v1', kind: 'ConfigMap' },
      requestResource: { group: '', version: 'v1', resource: 'configmaps' },
      name: 'a',
      namespace: 'default',
      operation: 'CREATE',
      userInfo: { username: 'admin', groups: ['system:masters', 'system:authenticated'] },
      object: 'a',
      oldObject: null,
      dryRun: false,
      options: { kind: 'CreateOptions', apiVersion: 'meta.k8s.io/v1' },
    },
  )
})

test('a refusal without a word has code 400 and no reason', async () => {
  const { api } = await withHooks(() => denied())
  await api.create(VALIDATING, configuration('v', [hook()]))
  await assert.rejects(api.create(CONFIG_MAPS, configMap('a')), {
    message: 'admission webhook "hook.example.com" denied the request without explanation',
    reason: 'Unknown',
    code: 400,
  })
})

test('webhooks are asked about updates, patches, deletes and deletecollection', async () => {
  const { api, asked } = await withHooks(({ operation }) =>
    textOf(operation) === 'DELETE' ? denied('stay') : { allowed: true },
  )
  await api.create(CONFIG_MAPS, configMap('a', { data: { k: '1' } }))
  const rules = [rule(['configmaps'], { operations: ['UPDATE', 'DELETE'] })]
  await api.create(VALIDATING, configuration('v', [hook({ rules })]))
  await api.patch(`${CONFIG_MAPS}/a`, { data: { k: '2' } })
  assert.deepEqual(asked[0]?.['oldObject']?.['data'], { k: '1' })
  assert.deepEqual(asked[0]?.['object']?.['data'], { k: '2' })
  assert.equal(asked[0]?.['options']?.['kind'], 'UpdateOptions')
  const refusal = { message: 'admission webhook "hook.example.com" denied the request: stay' }
  await assert.rejects(api.delete(`${CONFIG_MAPS}/a`), refusal)
  await assert.rejects(api.delete(CONFIG_MAPS), refusal)
  assert.equal(asked[1]?.['object'], null)
  assert.deepEqual(asked[1]?.['oldObject']?.['data'], { k: '2' })
  await api.get(`${CONFIG_MAPS}/a`)
})

test('mutating webhooks are asked one after the other and see what was changed before', async () => {
  const { api } = await withHooks((request, path) => {
    const data = request['object']?.['data'] ?? {}
    if (path.startsWith('/first'))
      return patchOf([{ op: 'add', path: '/data/first', value: 'yes' }])
    return 'first' in data
      ? patchOf([{ op: 'add', path: '/data/second', value: 'yes' }])
      : { allowed: true }
  })
  const place = (path: string) => ({
    url: `https://${HOOK_PLACE}/${path}`,
    caBundle: HOOK_CA_BUNDLE,
  })
  await api.create(MUTATING, configuration('b', [hook({ clientConfig: place('second') })]))
  await api.create(MUTATING, configuration('a', [hook({ clientConfig: place('first') })]))
  const made = await api.create(CONFIG_MAPS, configMap('m', { data: { k: 'v' } }))
  assert.deepEqual(made['data'], { k: 'v', first: 'yes', second: 'yes' })
  await api.delete(MUTATING)
  const plain = await api.create(CONFIG_MAPS, configMap('n', { data: { k: 'v' } }))
  assert.deepEqual(plain['data'], { k: 'v' })
})

test('what a webhook adds is pruned and defaulted, and the rules of the server hold again', async () => {
  const { api } = await withHooks(() =>
    patchOf([
      { op: 'add', path: '/spec/initContainers', value: [{ name: 'i', image: 'busybox' }] },
      { op: 'add', path: '/spec/nonsense', value: 1 },
      { op: 'add', path: '/metadata/uid', value: 'mine' },
    ]),
  )
  await api.create('/api/v1/namespaces/default/serviceaccounts', serviceAccount('default'))
  await api.create(MUTATING, configuration('m', [hook({ rules: [rule(['pods'])] })]))
  const made = await api.create(PODS, pod('p'))
  const [init] = listOf(made['spec']?.['initContainers'])
  assert.equal(init?.['terminationMessagePolicy'], 'File')
  assert.equal(made['spec']?.['nonsense'], undefined)
  assert.notEqual(made['metadata']?.['uid'], 'mine')
  assert.equal(listOf(made['spec']?.['volumes']).length, 1)
  assert.equal(listOf(init?.['volumeMounts']).length, 1)
})

test('a webhook that asks for it is asked again after a later one changed the object', async () => {
  const { api, asked } = await withHooks((request, path) => {
    const count = Number(request['object']?.['data']?.[path.slice(1, 2)] ?? 0)
    return path.startsWith('/b') && count > 0
      ? { allowed: true }
      : patchOf([{ op: 'add', path: `/data/${path.slice(1, 2)}`, value: String(count + 1) }])
  })
  const of = (path: string, more: object = {}) =>
    hook({
      clientConfig: { url: `https://${HOOK_PLACE}/${path}`, caBundle: HOOK_CA_BUNDLE },
      ...more,
    })
  await api.create(MUTATING, configuration('a', [of('a', { reinvocationPolicy: 'IfNeeded' })]))
  await api.create(MUTATING, configuration('b', [of('b')]))
  const made = await api.create(CONFIG_MAPS, configMap('m', { data: { k: 'v' } }))
  assert.deepEqual(made['data'], { k: 'v', a: '2', b: '1' })
  assert.equal(asked.length, 3)
})

test('a webhook that cannot be asked counts by its failure policy', async () => {
  const { api } = await withHooks(() => ({ uid: 'other', allowed: true }))
  const elsewhere = { clientConfig: { url: 'https://nowhere.test/', caBundle: HOOK_CA_BUNDLE } }
  await api.create(VALIDATING, configuration('v', [hook(elsewhere)]))
  await assert.rejects(api.create(CONFIG_MAPS, configMap('a')), {
    reason: 'InternalError',
    message:
      'Internal error occurred: failed calling webhook "hook.example.com": failed to call webhook: Post "https://nowhere.test/?timeout=10s": dial tcp nowhere.test:443: connect: connection refused',
  })
  await api.patch(`${VALIDATING}/v`, {
    webhooks: [hook({ ...elsewhere, failurePolicy: 'Ignore' })],
  })
  await api.create(CONFIG_MAPS, configMap('a'))
  await api.patch(`${VALIDATING}/v`, { webhooks: [hook()] })
  await assert.rejects(api.create(CONFIG_MAPS, configMap('b')), {
    message:
      /^Internal error occurred: failed calling webhook "hook.example.com": received invalid webhook response: expected response.uid="[-0-9a-f]+", got "other"$/,
  })
  const service = { clientConfig: { service: { namespace: 'default', name: 'none' } } }
  await api.patch(`${VALIDATING}/v`, { webhooks: [hook(service)] })
  await assert.rejects(api.create(CONFIG_MAPS, configMap('b')), {
    message:
      'Internal error occurred: failed calling webhook "hook.example.com": failed to call webhook: Post "https://none.default.svc:443/?timeout=10s": service "none" not found',
  })
})

test('a webhook with another authority than the one named is not believed', async () => {
  const { api } = await withHooks(() => ({ allowed: true }))
  await api.create(VALIDATING, configuration('v', [hook({ clientConfig: { url: HOOK_URL } })]))
  await assert.rejects(api.create(CONFIG_MAPS, configMap('a')), {
    message:
      'Internal error occurred: failed calling webhook "hook.example.com": failed to call webhook: Post "https://hook.test:8443/answer?timeout=10s": tls: failed to verify certificate: x509: certificate signed by unknown authority',
  })
})

test('a webhook has its timeout and no more', async () => {
  const { api, clock, asked } = await withHooks(() => new Promise<object>(() => undefined))
  await api.create(VALIDATING, configuration('v', [hook({ timeoutSeconds: 1 })]))
  const creating = assert.rejects(api.create(CONFIG_MAPS, configMap('a')), {
    message:
      'Internal error occurred: failed calling webhook "hook.example.com": failed to call webhook: Post "https://hook.test:8443/answer?timeout=1s": context deadline exceeded',
  })
  while (asked.length === 0) await new Promise((resolve) => setImmediate(resolve))
  await clock.advance(1_000)
  await creating
})

test('selectors choose namespaces and objects', async () => {
  const { api, asked } = await withHooks(() => denied())
  const skip = [{ key: 'skip', operator: 'DoesNotExist' }]
  await api.create('/api/v1/namespaces', {
    metadata: { name: 'free', labels: { skip: 'yes' } },
  })
  await api.create(
    VALIDATING,
    configuration('v', [
      hook({
        namespaceSelector: { matchExpressions: skip },
        objectSelector: { matchExpressions: skip },
      }),
    ]),
  )
  await api.create('/api/v1/namespaces/free/configmaps', configMap('a'))
  await api.create(CONFIG_MAPS, configMap('b', {}, { labels: { skip: 'me' } }))
  assert.equal(asked.length, 0)
  await assert.rejects(api.create(CONFIG_MAPS, configMap('c')), { code: 400 })
})

test('a webhook is told of a dry run; one that does more than answer is not registered', async () => {
  const { api, asked } = await withHooks(() => ({ allowed: true }))
  await assert.rejects(
    api.create(VALIDATING, configuration('v', [hook({ sideEffects: 'Some' })])),
    /webhooks\[0\]\.sideEffects: Unsupported value: "Some"/,
  )
  await api.create(VALIDATING, configuration('v', [hook({ sideEffects: 'NoneOnDryRun' })]))
  await api.create(`${CONFIG_MAPS}?dryRun=All`, configMap('a'))
  assert.equal(asked[0]?.['dryRun'], true)
})

test('webhook configurations are never put to webhooks', async () => {
  const { api, asked } = await withHooks(() => denied())
  const all = rule(['*'], { apiGroups: ['*'], apiVersions: ['*'], operations: ['*'] })
  await api.create(VALIDATING, configuration('v', [hook({ rules: [all] })]))
  await api.create(MUTATING, configuration('m', [hook({ rules: [all] })]))
  await api.delete(`${MUTATING}/m`)
  await api.delete(`${VALIDATING}/v`)
  assert.equal(asked.length, 0)
})

test('a rule for another version of the same objects is met by conversion', async () => {
  const { api, asked } = await withHooks(() => ({ allowed: true }))
  const rules = [rule(['events'], { apiGroups: ['events.k8s.io'] })]
  await api.create(VALIDATING, configuration('v', [hook({ rules })]))
  const event = {
    metadata: { name: 'e' },
    involvedObject: { kind: 'Pod', name: 'p', namespace: 'default' },
    message: 'hello',
    type: 'Normal',
  }
  await api.create('/api/v1/namespaces/default/events', event)
  assert.equal(asked[0]?.['object']?.['apiVersion'], 'events.k8s.io/v1')
  assert.equal(asked[0]?.['object']?.['note'], 'hello')
  assert.deepEqual(asked[0]?.['requestResource'], { group: '', version: 'v1', resource: 'events' })
  assert.deepEqual(asked[0]?.['resource'], {
    group: 'events.k8s.io',
    version: 'v1',
    resource: 'events',
  })
  await api.patch(`${VALIDATING}/v`, { webhooks: [hook({ rules, matchPolicy: 'Exact' })] })
  await api.create('/api/v1/namespaces/default/events', { ...event, metadata: { name: 'f' } })
  assert.equal(asked.length, 1)
})

test('a scale is told as a subresource, with both objects', async () => {
  const { api, asked } = await withHooks(() => denied('too many'))
  await api.create(DEPLOYMENTS, deployment('d', { replicas: 1 }))
  const rules = [rule(['deployments/scale'], { apiGroups: ['apps'], operations: ['UPDATE'] })]
  await api.create(VALIDATING, configuration('v', [hook({ rules })]))
  await assert.rejects(api.patch(`${DEPLOYMENTS}/d/scale`, { spec: { replicas: 5 } }), {
    message: 'admission webhook "hook.example.com" denied the request: too many',
  })
  const [request] = asked
  assert.deepEqual(request?.['kind'], { group: 'autoscaling', version: 'v1', kind: 'Scale' })
  assert.deepEqual(request?.['object']?.['spec'], { replicas: 5 })
  assert.deepEqual(request?.['oldObject']?.['spec'], { replicas: 1 })
  assert.equal(request?.['subResource'], 'scale')
})

test('a connection to a pod is put to webhooks with what it asks for', async () => {
  const { api, asked } = await withHooks(() => denied('no shells'))
  const rules = [
    rule(['pods/exec', 'pods/attach', 'pods/portforward'], { operations: ['CONNECT'] }),
  ]
  await api.create(VALIDATING, configuration('v', [hook({ rules })]))
  const refusal = { message: 'admission webhook "hook.example.com" denied the request: no shells' }
  await assert.rejects(api.create(`${PODS}/p/exec?command=sh&stdin=true&container=c`, {}), refusal)
  await assert.rejects(api.get(`${PODS}/p/attach?stdout=1`), refusal)
  await assert.rejects(api.get(`${PODS}/p/portforward?ports=80,81`), refusal)
  assert.deepEqual(
    asked.map(({ object }) => object),
    [
      { kind: 'PodExecOptions', apiVersion: 'v1', stdin: true, container: 'c', command: ['sh'] },
      { kind: 'PodAttachOptions', apiVersion: 'v1', stdout: true },
      { kind: 'PodPortForwardOptions', apiVersion: 'v1', ports: [80, 81] },
    ],
  )
  const [first] = asked
  assert.equal(first?.['operation'], 'CONNECT')
  assert.equal(first?.['name'], 'p')
  assert.equal(first?.['options'], null)
  assert.deepEqual(first?.['kind'], { group: '', version: 'v1', kind: 'PodExecOptions' })
})

test('bindings, evictions and requests for tokens are put to webhooks as what they are', async () => {
  const { api, asked } = await withHooks(() => denied('no'))
  await api.create('/api/v1/namespaces/default/serviceaccounts', serviceAccount('default'))
  await api.create(PODS, pod('p'))
  const rules = [rule(['pods/binding', 'pods/eviction', 'serviceaccounts/token'])]
  await api.create(VALIDATING, configuration('v', [hook({ rules })]))
  const target = { kind: 'Node', name: 'n' }
  await assert.rejects(api.create(`${PODS}/p/binding`, { metadata: { name: 'p' }, target }))
  await assert.rejects(api.create(`${PODS}/p/eviction`, { metadata: { name: 'p' } }))
  const token = '/api/v1/namespaces/default/serviceaccounts/default/token'
  await assert.rejects(api.create(token, { spec: { audiences: [] } }))
  assert.deepEqual(
    asked.map(({ kind, object }) => [kind?.['kind'], object?.['kind']]),
    [
      ['Binding', 'Binding'],
      ['Eviction', 'Eviction'],
      ['TokenRequest', 'TokenRequest'],
    ],
  )
  assert.equal((await api.get(`${PODS}/p`))['spec']?.['nodeName'], undefined)
})

test('custom resources are changed by webhooks in whatever version they are stored', async () => {
  const { api, asked } = await withHooks(() =>
    patchOf([
      { op: 'add', path: '/data/known', value: 'yes' },
      { op: 'add', path: '/data/unknown', value: 'no' },
    ]),
  )
  const properties = {
    data: { type: 'object', properties: { known: { type: 'string' }, mine: { type: 'string' } } },
  }
  const version = (name: string, storage: boolean) => ({
    name,
    served: true,
    storage,
    schema: { openAPIV3Schema: { type: 'object', properties } },
  })
  const crds = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions'
  await api.create(crds, {
    metadata: { name: 'things.example.com' },
    spec: {
      group: 'example.com',
      names: { plural: 'things', kind: 'Thing' },
      scope: 'Namespaced',
      versions: [version('v1', true), version('v2', false)],
    },
  })
  const things = '/apis/example.com/v1/namespaces/default/things'
  await api.create(things, {
    kind: 'Thing',
    apiVersion: 'example.com/v1',
    metadata: { name: 't' },
    data: {},
  })
  await api.patch(`${crds}/things.example.com`, {
    spec: { versions: [version('v1', false), version('v2', true)] },
  })
  const rules = [rule(['things'], { apiGroups: ['example.com'], operations: ['CREATE', 'UPDATE'] })]
  await api.create(MUTATING, configuration('m', [hook({ rules })]))
  const changed = await api.patch(`${things}/t`, { data: { mine: 'x' } })
  assert.deepEqual(changed['data'], { known: 'yes', mine: 'x' })
  assert.equal(changed['apiVersion'], 'example.com/v1')
  assert.equal(asked[0]?.['object']?.['apiVersion'], 'example.com/v1')
  assert.equal(asked[0]?.['oldObject']?.['apiVersion'], 'example.com/v1')
  const other = await api.get('/apis/example.com/v2/namespaces/default/things/t')
  assert.equal(other['apiVersion'], 'example.com/v2')
})

test('conditions say which requests a webhook is asked about', async () => {
  const { api, asked } = await withHooks(() => ({ allowed: true }))
  const conditions = [
    { name: 'not-skipped', expression: "object.metadata.name != 'skipped'" },
    { name: 'has-data', expression: "object.data['x'] == 'y'" },
    { name: 'of-request', expression: "request.operation == 'CREATE' && oldObject == null" },
  ]
  await api.create(VALIDATING, configuration('c', [hook({ matchConditions: conditions })]))
  await api.create(CONFIG_MAPS, configMap('a', { data: { x: 'y' } }))
  await api.create(CONFIG_MAPS, configMap('b', { data: { x: 'z' } }))
  await api.create(CONFIG_MAPS, configMap('skipped'))
  assert.deepEqual(
    asked.map(({ name }) => name),
    ['a'],
  )
  await assert.rejects(api.create(CONFIG_MAPS, configMap('c', { data: { a: 'b' } })), {
    reason: 'Forbidden',
    message: `configmaps "c" is forbidden: expression 'object.data['x'] == 'y'' resulted in error: no such key: x`,
  })
  await api.update(`${VALIDATING}/c`, {
    metadata: { name: 'c' },
    webhooks: [hook({ matchConditions: conditions, failurePolicy: 'Ignore' })],
  })
  await api.create(CONFIG_MAPS, configMap('c', { data: { a: 'b' } }))
  assert.equal(asked.length, 1)
})

test('a webhook with a condition that cannot be compiled is refused', async () => {
  const { api } = await withHooks(() => ({ allowed: true }))
  const matchConditions = [{ name: 'a', expression: 'object.' }]
  await assert.rejects(api.create(VALIDATING, configuration('c', [hook({ matchConditions })])), {
    reason: 'Invalid',
    message:
      /webhooks\[0\].matchConditions\[0\].expression: Invalid value: "object.": compilation failed: ERROR: <input>:1:8: Syntax error/,
  })
})
