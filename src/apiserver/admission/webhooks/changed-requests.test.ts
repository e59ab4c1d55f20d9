// What those who may change a request see of it, and what becomes of their changes where that is no whole object.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Json } from '../../test-cluster.ts'
import {
  CONFIG_MAPS,
  configMap,
  DEPLOYMENTS,
  deployment,
  listOf,
  pod,
  PODS,
  serviceAccount,
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

const inKind = (name: string, rules: object[]) => configuration(name, [hook({ rules })])
const isMutating = (path: string) => path.startsWith('/mutate')
const mutatingAt = (name: string, rules: object[]) => {
  const { clientConfig } = hook()
  const url = clientConfig.url.replace('/answer', '/mutate')
  return configuration(name, [hook({ rules, clientConfig: { ...clientConfig, url } })])
}
const identityOf = ({ name, object }: Json) => {
  const { metadata } = object!
  return [name, metadata?.['name'], 'uid' in metadata!, 'creationTimestamp' in metadata!]
}

test('a generated name, the uid and the age of an object come after its changes', async () => {
  const { api, asked } = await withHooks(() => ({ allowed: true }))
  const rules = [rule(['configmaps'])]
  await api.create(MUTATING, inKind('m', rules))
  await api.create(VALIDATING, inKind('v', rules))
  const made = await api.create(CONFIG_MAPS, { metadata: { generateName: 'map-' } })
  const name = made['metadata']?.['name']
  assert.match(name as unknown as string, /^map-.{5}$/)
  assert.deepEqual(asked.map(identityOf), [
    [undefined, undefined, false, false],
    [name, name, true, true],
  ])
  asked.length = 0
  await api.create(CONFIG_MAPS, configMap('named'))
  assert.deepEqual(asked.map(identityOf), [
    ['named', 'named', false, false],
    ['named', 'named', true, true],
  ])
})

test('a webhook may give the name that was left open', async () => {
  const { api, asked } = await withHooks((_request, path) =>
    isMutating(path)
      ? patchOf([{ op: 'add', path: '/metadata/name', value: 'given' }])
      : { allowed: true },
  )
  const rules = [rule(['configmaps'])]
  await api.create(MUTATING, mutatingAt('m', rules))
  await api.create(VALIDATING, inKind('v', rules))
  await api.create(CONFIG_MAPS, { metadata: { generateName: 'map-' } })
  assert.equal((await api.get(`${CONFIG_MAPS}/given`))['metadata']?.['generateName'], 'map-')
  assert.equal(asked[1]?.['name'], 'given')
  await assert.rejects(api.create(CONFIG_MAPS, { metadata: { generateName: 'map-' } }), {
    reason: 'AlreadyExists',
  })
})

test('a service that a webhook names keeps its address under that name', async () => {
  const { api } = await withHooks(() =>
    patchOf([{ op: 'add', path: '/metadata/name', value: 'given' }]),
  )
  await api.create(MUTATING, inKind('m', [rule(['services'])]))
  const services = '/api/v1/namespaces/default/services'
  const made = await api.create(services, {
    metadata: { generateName: 's-' },
    spec: { type: 'NodePort', ports: [{ port: 80 }] },
  })
  const changed = await api.patch(`${services}/given`, { spec: { ports: [{ port: 81 }] } })
  assert.equal(changed['spec']?.['clusterIP'], made['spec']?.['clusterIP'])
  await api.delete(`${services}/given`)
  await api.delete(`${MUTATING}/m`)
  const { clusterIP } = made['spec']!
  const ports = [{ port: 80, nodePort: listOf(made['spec']?.['ports'])[0]?.['nodePort'] }]
  await api.create(services, {
    metadata: { name: 'next' },
    spec: { type: 'NodePort', clusterIP, ports },
  })
})

test('a scale is changed as the Scale that it is', async () => {
  let value: unknown = 3
  const { api } = await withHooks(() => patchOf([{ op: 'replace', path: '/spec/replicas', value }]))
  await api.create(DEPLOYMENTS, deployment('d', { replicas: 1 }))
  const rules = [rule(['deployments/scale'], { apiGroups: ['apps'], operations: ['UPDATE'] })]
  await api.create(MUTATING, inKind('m', rules))
  const scale = await api.patch(`${DEPLOYMENTS}/d/scale`, { spec: { replicas: 7 } })
  assert.equal(scale['spec']?.['replicas'], 3)
  assert.equal((await api.get(`${DEPLOYMENTS}/d`))['spec']?.['replicas'], 3)
  value = 'many'
  await assert.rejects(api.patch(`${DEPLOYMENTS}/d/scale`, { spec: { replicas: 7 } }), {
    reason: 'InternalError',
  })
  assert.equal((await api.get(`${DEPLOYMENTS}/d`))['spec']?.['replicas'], 3)
})

test('a binding and an eviction are acted upon as they were changed', async () => {
  const patches: Record<string, object[]> = {
    Binding: [{ op: 'replace', path: '/target/name', value: 'other' }],
    Eviction: [{ op: 'add', path: '/deleteOptions', value: { dryRun: ['All'] } }],
  }
  const { api } = await withHooks(({ kind }) =>
    patchOf(patches[kind?.['kind'] as unknown as string] ?? []),
  )
  await api.create('/api/v1/namespaces/default/serviceaccounts', serviceAccount('default'))
  await api.create(PODS, pod('p'))
  await api.create(MUTATING, inKind('m', [rule(['pods/binding', 'pods/eviction'])]))
  const target = { kind: 'Node', name: 'n' }
  await api.create(`${PODS}/p/binding`, { metadata: { name: 'p' }, target })
  await api.create(`${PODS}/p/eviction`, { metadata: { name: 'p' } })
  const { spec, metadata } = await api.get(`${PODS}/p`)
  assert.equal(spec?.['nodeName'], 'other')
  assert.equal(metadata?.['deletionTimestamp'], undefined)
  patches['Binding'] = [{ op: 'replace', path: '/target/name', value: '' }]
  await assert.rejects(api.create(`${PODS}/p/binding`, { metadata: { name: 'p' }, target }), {
    reason: 'Invalid',
  })
})

test('who may refuse a connection sees what it was changed to', async () => {
  const { api, asked } = await withHooks((_request, path) =>
    isMutating(path)
      ? patchOf([{ op: 'replace', path: '/command', value: ['ls', '-l'] }])
      : denied('no'),
  )
  const rules = [rule(['pods/exec'], { operations: ['CONNECT'] })]
  await api.create(MUTATING, mutatingAt('m', rules))
  await api.create(VALIDATING, inKind('v', rules))
  await assert.rejects(api.create(`${PODS}/p/exec?command=sh`, {}), { code: 400 })
  assert.deepEqual(
    asked.map(({ object }) => object?.['command']),
    [['sh'], ['ls', '-l']],
  )
})

test('connections through the proxies of pods, services and nodes are put to webhooks', async () => {
  const { api, asked } = await withHooks(() => denied('no'))
  const resources = ['pods/proxy', 'services/proxy', 'nodes/proxy']
  await api.create(VALIDATING, inKind('v', [rule(resources, { operations: ['CONNECT'] })]))
  for (const path of [`${PODS}/https:p:1/proxy/a/b?c=1`, '/api/v1/nodes/n/proxy'])
    await assert.rejects(api.get(path), { message: /denied the request: no$/ })
  assert.deepEqual(
    asked.map(({ name, operation, object }) => [name, operation, object]),
    [
      ['https:p:1', 'CONNECT', { kind: 'PodProxyOptions', apiVersion: 'v1', path: '/a/b' }],
      ['n', 'CONNECT', { kind: 'NodeProxyOptions', apiVersion: 'v1' }],
    ],
  )
})

test('a patch that cannot be read counts as a webhook that was not asked', async () => {
  const { api } = await withHooks(() => ({
    allowed: true,
    patchType: 'JSONPatch',
    patch: Buffer.from('{"op":"add"}').toString('base64'),
  }))
  const webhook = (more: object) => [hook({ rules: [rule(['configmaps'])], ...more })]
  await api.create(MUTATING, configuration('m', webhook({})))
  await assert.rejects(api.create(CONFIG_MAPS, configMap('a')), {
    code: 500,
    message:
      'Internal error occurred: failed calling webhook "hook.example.com": received undecodable patch in webhook response: it is no list of operations with op and path',
  })
  await api.patch(`${MUTATING}/m`, { webhooks: webhook({ failurePolicy: 'Ignore' }) })
  await api.create(CONFIG_MAPS, configMap('a'))
})
